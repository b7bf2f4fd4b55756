/** A gateway's report of what became of the bytes it leased, and a lease of more. */
import { redisScript } from '../../redis/redis-script.js';
import { DEAD_AFTER_MS, KEYS, PRELUDE } from './script-prelude.js';
import type { CommonArguments, Moved, PoolReply } from './script-prelude.js';

export interface LeaseArguments extends CommonArguments {
  /** What the gateway has in memory now; no other lease of it is under way. */
  readonly held: number;
  /** Bytes that a request waits for; 0 for a prefetch or a mere report. */
  readonly need: number;
  /** Bytes to take instead if `reserve` are left beside `need`; 0 for a mere report. */
  readonly plenty: number;
  readonly reserve: number;
}

/** An age, ms, perhaps with where the bytes came from (packet-text.ts); then the bytes. */
export type LeasedPiece = number | readonly [age: number, ref: Buffer] | Buffer;

// allow-oom: it takes more than it brings, so a Redis whose memory is full, of this very pool perhaps, heals as it is emptied.
// What the gateway was given and neither served nor dropped nor holds was lost, with an answer that never reached it.
const SCRIPT = `#!lua flags=allow-oom
${PRELUDE}
local held, need, plenty, reserve = args.held, args.need, args.plenty, args.reserve
discarded.lease = settle('discarded', own - held)

if need == 0 and plenty == 0 then
  local records, held = redis.call('HGETALL', REPLICAS), own
  for i = 1, #records, 2 do
    local seen, leased = string.match(records[i + 1], '(%d+) (%d+)')
    if records[i] ~= id and now - tonumber(seen) > ${DEAD_AFTER_MS} then redis.call('HDEL', REPLICAS, records[i])
    elseif records[i] ~= id then held = held + tonumber(leased) end
  end
  discard('leased', 'lease', amount('leased') - held) -- of gateways that are gone, or whose records are
end

expire()
if amount('stored') >= need + reserve then need = math.max(need, plenty) end
if amount('stored') < need then need = 0 end -- a request that cannot be served as a whole takes nothing
local taken, pieces = take(need)
move('stored', 'leased', taken)
own = own + taken
return answer(pieces, '')
`;

/** `result` holds age (ms), bytes, age, bytes ... oldest first; `detail` is empty. */
export const lease = redisScript<LeaseArguments, PoolReply<readonly LeasedPiece[] | Buffer, Buffer> | Moved>(
  SCRIPT,
  KEYS,
);
