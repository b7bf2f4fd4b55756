/** Admission to the shared pool: check, advance, make room, store, in one atomic step. */
import { redisScript } from '../../redis/redis-script.js';
import { MAX_COLLECTORS, REMEMBERED_PACKETS } from '../replay-state.js';
import { encodeCommon, KEYS, PRELUDE } from './script-prelude.js';
import type { CommonArguments, PoolReply } from './script-prelude.js';

export interface AdmitArguments extends CommonArguments {
  readonly capacity: number;
  readonly overflow: 'discard' | 'replace';
  readonly collector: string;
  /** boot and sequence, 20 digits each: compared as text, because Lua's numbers are doubles. */
  readonly position: string;
  /** Hexadecimal. */
  readonly mac: string;
  /** 20 digits. */
  readonly timestamp: string;
  /** 20 digits: when the bytes were first sealed. */
  readonly exposed: string;
  /** The packet's data; none for a heartbeat. */
  readonly blocks: readonly Buffer[];
}

const POSITION_DIGITS = 40;
/** Of what is remembered of a collector: a position and a MAC in hexadecimal, each with a space behind it. */
const RECORD_LENGTH = POSITION_DIGITS + 1 + 64 + 1;

// The sequence advances before the bytes are stored: Lua does not roll back, so a failure in between loses bytes and
// never lets a packet in twice.
const SCRIPT = `${PRELUDE}
local capacity, replaces = tonumber(ARGV[6]), ARGV[7] == 'replace'
local collector, position, mac, timestamp, exposed = ARGV[8], ARGV[9], ARGV[10], ARGV[11], ARGV[12]

-- The latest records, the last accepted one first; at the end the latest time at which any accepted packet was sealed.
local recent = redis.call('HGET', REPLAY, collector) or ''
local newest = recent:sub(#recent - #recent % ${RECORD_LENGTH} + 1)
recent = recent:sub(1, #recent - #newest)
local last = recent:sub(1, ${POSITION_DIGITS})
if last == '' and redis.call('HLEN', REPLAY) >= ${MAX_COLLECTORS} + 2 then return answer('too-many-collectors', '') end
if last ~= '' and position <= last then
  local known = string.match(recent, position .. ' (%x+)')
  local differs = known and known ~= mac
  if not known and newest ~= '' then -- sealed after all that was accepted, and yet not above it: a second sealer
    differs = position:sub(1, 20) == last:sub(1, 20) and timestamp > newest
  end
  return answer(differs and 'conflict' or 'replay', '')
end
if exposed < redis.call('HGET', REPLAY, '@created') then return answer('below-floor', '') end

local bytes = 0
for i = 13, #ARGV do bytes = bytes + #ARGV[i] end
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

recent = (position .. ' ' .. mac .. ' ' .. recent):sub(1, ${REMEMBERED_PACKETS * RECORD_LENGTH})
redis.call('HSET', REPLAY, collector, recent .. (timestamp > newest and timestamp or newest))
if bytes > 0 then
  redis.call('HINCRBY', POOL, 'received', bytes)
  redis.call('HINCRBY', POOL, 'stored', bytes)
  for i = 13, #ARGV do redis.call('RPUSH', BLOCKS, now, ARGV[i]) end
end
return answer('accepted', last)
`;

/** `result` is an `Admission` result; `detail` the position before, empty for a collector's first packet. */
export const admit = redisScript<AdmitArguments, PoolReply<Buffer, Buffer>>(SCRIPT, KEYS, (args) => {
  const { capacity, overflow, collector, position, mac, timestamp, exposed, blocks } = args;
  const packet = [collector, position, mac, timestamp, exposed];
  return [...encodeCommon(args), String(capacity), overflow, ...packet, ...blocks];
});
