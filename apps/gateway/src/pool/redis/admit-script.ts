/** Admission to the shared pool: check, advance, make room, store, in one atomic step. */
import { redisScript } from '../../redis/redis-script.js';
import { POSITIONS } from './positions.js';
import { KEYS, PRELUDE } from './script-prelude.js';
import type { CommonArguments, Moved, PoolReply } from './script-prelude.js';

export interface AdmitArguments extends CommonArguments {
  readonly capacity: number;
  readonly overflow: 'discard' | 'replace';
  /** How old a packet may be, ms. */
  readonly packetTtlMs: number;
  readonly collector: string;
  readonly packet: {
    /** Whether it was sealed with a key of its collector alone. */
    readonly own: '1' | '0';
    /** boot and sequence, 20 digits each. */
    readonly position: string;
    /** Hexadecimal. */
    readonly mac: string;
    /** When the packet was sealed, and when its bytes were first, Unix ms. */
    readonly stamped: number;
    readonly exposed: number;
  };
  /** Where its bytes come from, to be remembered with them; may be empty (packet-text.ts). */
  readonly ref: string;
  /** The packet's data; none for a heartbeat. */
  readonly blobs: readonly Buffer[];
}

// The sequence advances before the bytes are stored: Lua does not roll back, so a failure in between loses bytes and
// never lets a packet in twice.
const SCRIPT = `${PRELUDE}
local capacity, replaces, packetTtl = args.capacity, args.overflow == 'replace', args.packetTtlMs
local collector, packet, ref = args.collector, args.packet, args.ref
${POSITIONS}
if now - packet.stamped > packetTtl then return answer('stale', string.format('%.0f', now - packet.stamped)) end
if packet.stamped - now > skew then return answer('future', string.format('%.0f', packet.stamped - now)) end
local position = healed(collector, redis.call('HGET', REPLAY, collector))
local how, last = standing(position, packet)
if how ~= 'next' then return answer(how, '') end

local bytes = 0
for i = 2, #ARGV do bytes = bytes + #ARGV[i] end
expire()
local excess = amount('stored') + amount('leased') + bytes - capacity
if bytes > 0 and excess > 0 then
  if not replaces or bytes > capacity then return answer('full', '') end
  while excess > 0 do
    local taken = take(excess)
    if taken == 0 then break end -- the rest is leased, and is not taken back
    discard('stored', 'replaced', taken)
    excess = excess - taken
  end
end

advance(collector, position, packet)
if bytes > 0 then
  redis.call('HINCRBY', POOL, 'received', bytes)
  redis.call('HINCRBY', POOL, 'stored', bytes)
  local offset = 0
  for i = 2, #ARGV do
    redis.call('RPUSH', BLOCKS, ref == '' and now or string.format('%.0f %d %s', now, offset, ref), ARGV[i])
    offset = offset + #ARGV[i]
  end
end
return answer('accepted', last)
`;

/** `detail` is the position before where the packet was accepted, and by how many ms it was off where it was not fresh. */
export const admit = redisScript<AdmitArguments, PoolReply<Buffer, Buffer> | Moved>(SCRIPT, KEYS);
