/** Lua scripts: each is one atomic step inside Redis, sent by its hash, and as text where Redis does not know it yet. */
import { hash } from 'node:crypto';
import { ErrorReply } from 'redis';
import { DEPLOYMENTS } from './deployment.js';
import type { RedisClient } from './redis-client.js';

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

/**
 * Runs a script once. A Redis that answers NOSCRIPT has run nothing, so sending the text then is no second time.
 *
 * @param where begins the name of every key; the hash tag in it puts all of them into one slot of a cluster.
 */
export async function runScript<Arguments, Reply>(
  client: RedisClient,
  { source, sha1, keys, encode }: RedisScript<Arguments, Reply>,
  args: Arguments,
  { prefix, space }: { readonly prefix: string; readonly space: string },
): Promise<Reply> {
  const nameOf = (name: string): string => prefix + (name === DEPLOYMENTS ? name : `${space}:${name}`);
  const options = { keys: keys.map(nameOf), arguments: encode(args) };
  try {
    return (await client.evalSha(sha1, options)) as Reply;
  } catch (error) {
    if (!(error instanceof ErrorReply) || !error.message.startsWith('NOSCRIPT')) throw error;
    return (await client.eval(source, options)) as Reply;
  }
}
