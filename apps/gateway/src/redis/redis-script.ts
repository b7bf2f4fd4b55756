/** Lua scripts: each is one atomic step inside Redis. */
import { hash } from 'node:crypto';

/** A script with the names of its keys, how its arguments are written, and (as a type alone) what it answers. */
export interface RedisScript<Arguments, Reply> {
  readonly source: string;
  readonly sha1: string;
  readonly keys: readonly string[];
  readonly encode: (args: Arguments) => (string | Buffer)[];
  readonly reply?: Reply;
}

/**
 * Describes a script. Its keys are named without the prefix and space of the deployment, which the connection adds; that of
 * the hash of all deployments is in no space.
 */
export function redisScript<Arguments, Reply>(
  source: string,
  keys: readonly string[],
  encode: (args: Arguments) => (string | Buffer)[],
): RedisScript<Arguments, Reply> {
  return { source, sha1: hash('sha1', source), keys, encode };
}
