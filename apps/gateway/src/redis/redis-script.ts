/** Lua scripts: each is one atomic step inside Redis. */
import { hash } from 'node:crypto';

/** A script with the names of its keys, and (as types alone) what it takes and answers. */
export interface RedisScript<Arguments, Reply> {
  readonly source: string;
  readonly sha1: string;
  readonly keys: readonly string[];
  readonly types?: readonly [Arguments, Reply];
}

/**
 * Describes a script. Its keys are named without the prefix and space of the deployment, which the connection adds; that of
 * the hash of all deployments is in no space. It gets its arguments as one JSON object, `ARGV[1]`, and those in `blobs`, which
 * are bytes, behind it.
 */
export function redisScript<Arguments, Reply>(
  source: string,
  keys: readonly string[],
): RedisScript<Arguments, Reply> {
  return { source, sha1: hash('sha1', source), keys };
}
