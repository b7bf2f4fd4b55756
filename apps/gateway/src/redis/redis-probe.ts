/**
 * Tries every command that the gateway's scripts use, on keys of its own: what Redis refuses (for want of a right, of memory,
 * of a cluster's slot, as a replica) is found out before a packet or a client meets it. As commands and not as a script,
 * since only then an error names the command.
 */
import type { RedisClient } from './redis-client.js';

/** What is tried leaves nothing behind, also where it ends halfway. */
const EXPIRE_SECS = 60;

/** The commands, in an order in which each has something to work on. */
export function probeCommands(prefix: string): string[][] {
  const [hash = '', list = '', stream = ''] = ['hash', 'list', 'stream'].map(
    (kind) => `{${prefix}}:probe:${kind}`,
  );
  const ttl = `${EXPIRE_SECS}`;
  return [
    ['TIME'],
    ['HSET', hash, 'field', '1'],
    ['EXPIRE', hash, ttl],
    ['HINCRBY', hash, 'field', '1'],
    ...[
      ['HGET', hash, 'field'],
      ['HMGET', hash, 'field'],
      ['HGETALL', hash],
      ['HVALS', hash],
      ['HLEN', hash],
    ],
    ['HDEL', hash, 'field'],
    ['RPUSH', list, '1'],
    ['EXPIRE', list, ttl],
    ['LPUSH', list, '0'],
    ['LINDEX', list, '0'],
    ['LPOP', list],
    ['XADD', stream, '*', 'field', '1'],
    ['EXPIRE', stream, ttl],
    ['XRANGE', stream, '-', '+'],
    ['EXISTS', hash],
    ['DEL', hash, list, stream],
  ];
}

/** @throws the first error that Redis answers with. */
export async function probe(client: RedisClient, prefix: string): Promise<void> {
  await Promise.all(probeCommands(prefix).map((command) => client.sendCommand(command)));
}
