/** Empties the shared pool: what is in it was found to be bad. Gateways drop what they have leased once they hear of it. */
import { redisScript } from '../../redis/redis-script.js';
import { KEYS, PRELUDE } from './script-prelude.js';
import type { CommonArguments, Moved, PoolReply } from './script-prelude.js';

const SCRIPT = `${PRELUDE}
redis.call('DEL', BLOCKS)
discard('stored', 'health', amount('stored'))
redis.call('HINCRBY', POOL, 'purged', 1)
return answer('', '')
`;

export const purge = redisScript<CommonArguments, PoolReply<Buffer, Buffer> | Moved>(SCRIPT, KEYS);
