/** Admission to the shared pool: check, advance, make room, store, in one atomic step. */
import { redisScript } from '../../redis/redis-script.js';
import { POSITIONS } from './positions.js';
import { COMMON_ARGUMENTS, encodeCommon, KEYS, PRELUDE } from './script-prelude.js';
import type { CommonArguments, Moved, PoolReply } from './script-prelude.js';

export interface AdmitArguments extends CommonArguments {
  readonly capacity: number;
  readonly overflow: 'discard' | 'replace';
  /** How old a packet may be, ms. */
  readonly packetTtlMs: number;
  readonly collector: string;
  readonly ownKey: boolean;
  /** boot and sequence, 20 digits each. */
  readonly position: string;
  /** Hexadecimal. */
  readonly mac: string;
  /** When the packet was sealed, and when its bytes were first, Unix ms. */
  readonly stamped: number;
  readonly exposed: number;
  /** Where its bytes come from, to be remembered with them; may be empty (packet-text.ts). */
  readonly ref: string;
  /** The packet's data; none for a heartbeat. */
  readonly blocks: readonly Buffer[];
}

const AT = COMMON_ARGUMENTS;
const FIRST_BLOCK = AT + 11;

// The sequence advances before the bytes are stored: Lua does not roll back, so a failure in between loses bytes and
// never lets a packet in twice.
const SCRIPT = `${PRELUDE}
local capacity, replaces, packetTtl = tonumber(ARGV[${AT + 1}]), ARGV[${AT + 2}] == 'replace', tonumber(ARGV[${AT + 3}])
local collector = ARGV[${AT + 4}]
local packet = { own = ARGV[${AT + 5}], position = ARGV[${AT + 6}], mac = ARGV[${AT + 7}],
  stamped = tonumber(ARGV[${AT + 8}]), exposed = tonumber(ARGV[${AT + 9}]) }
local ref = ARGV[${AT + 10}]
${POSITIONS}
if now - packet.stamped > packetTtl then return answer('stale', string.format('%.0f', now - packet.stamped)) end
if packet.stamped - now > skew then return answer('future', string.format('%.0f', packet.stamped - now)) end
local position = healed(collector, redis.call('HGET', REPLAY, collector))
local how, last = standing(position, packet)
if how ~= 'next' then return answer(how, '') end

local bytes = 0
for i = ${FIRST_BLOCK}, #ARGV do bytes = bytes + #ARGV[i] end
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
  for i = ${FIRST_BLOCK}, #ARGV do
    redis.call('RPUSH', BLOCKS, ref == '' and now or string.format('%.0f %d %s', now, offset, ref), ARGV[i])
    offset = offset + #ARGV[i]
  end
end
return answer('accepted', last)
`;

/** `detail` is the position before where the packet was accepted, and by how many ms it was off where it was not fresh. */
export const admit = redisScript<AdmitArguments, PoolReply<Buffer, Buffer> | Moved>(SCRIPT, KEYS, (args) => {
  const { capacity, overflow, packetTtlMs, collector, ownKey, position, mac, stamped, exposed, ref } = args;
  const packet = [collector, ownKey ? '1' : '0', position, mac, `${stamped}`, `${exposed}`, ref];
  return [...encodeCommon(args), `${capacity}`, overflow, `${packetTtlMs}`, ...packet, ...args.blocks];
});
