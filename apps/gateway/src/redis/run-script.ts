/** Runs Lua scripts, sent by their hash, and as text where Redis does not know them yet. */
import { ErrorReply } from 'redis';
import { DEPLOYMENTS } from './deployment.js';
import type { RedisClient } from './redis-client.js';
import type { RedisScript } from './redis-script.js';

/**
 * Runs a script once. A Redis that answers NOSCRIPT has run nothing, so sending the text then is no second time.
 *
 * @param where begins the name of every key; the hash tag in it puts all of them into one slot of a cluster.
 */
export async function runScript<Arguments, Reply>(
  client: RedisClient,
  { source, sha1, keys }: RedisScript<Arguments, Reply>,
  args: Arguments,
  { prefix, space }: { readonly prefix: string; readonly space: string },
): Promise<Reply> {
  const nameOf = (name: string): string => prefix + (name === DEPLOYMENTS ? name : `${space}:${name}`);
  const { blobs = [], ...named } = args as { readonly blobs?: readonly Buffer[] };
  const options = { keys: keys.map(nameOf), arguments: [JSON.stringify(named), ...blobs] };
  try {
    return (await client.evalSha(sha1, options)) as Reply;
  } catch (error) {
    if (!(error instanceof ErrorReply) || !error.message.startsWith('NOSCRIPT')) throw error;
    return (await client.eval(source, options)) as Reply;
  }
}
