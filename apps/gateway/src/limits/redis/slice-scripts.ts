/** Leases a slice of a client's quota of a day, or takes back what is left of one. */
import { redisScript } from '../../redis/redis-script.js';
import { SLICES } from '../exchange.js';
import type { SliceRequest, SliceRest } from '../exchange.js';
import { KEYS, PRELUDE } from './count-prelude.js';
import type { CommonArguments } from './count-prelude.js';

/** Nothing is leased for this time after a loss of data: every gateway has to say first what it knows was claimed. */
const JOIN_MS = 2000;

interface LeaseArguments extends CommonArguments, SliceRequest {}

/** `leased`: bytes, and what is claimed now; `wait`: milliseconds; `used-up`. */
export type LeaseReply =
  readonly [result: Buffer, bytes: number, claimed: number] | readonly [result: Buffer, ms: number];

const LEASE = `${PRELUDE}
local client, day, need, quota = args.client, args.day, args.need, args.bytesPerDay
if not member then return { 'wait', ${SLICES.lookAgainMs} } end
local since = amount(MEMBERS, '@since')
if now < since then -- the clock was set back
  redis.call('HSET', MEMBERS, '@since', now)
  since = now
end
if now - since < ${JOIN_MS} then return { 'wait', ${JOIN_MS} - (now - since) } end

local key = usageOf(day)
local claimed = amount(key, 'claimed:' .. client)
local free = quota - claimed
if free >= need then
  local ahead = math.min(${SLICES.mostAhead}, math.floor((free - need) / ${SLICES.shareAhead}))
  local bytes = need + (ahead < need and 0 or ahead)
  add(key, 'claimed:' .. client, bytes)
  return { 'leased', bytes, claimed + bytes }
end
if amount(key, 'bytes:' .. client) + need > quota then return { 'used-up' } end
local recalled = amount(key, 'recalled:' .. client)
if now < recalled or now - recalled > ${SLICES.recallAgainMs} then
  recalled = now
  redis.call('HSET', key, 'recalled:' .. client, now)
  redis.call('XADD', COUNTS, '*', 'from', id, 'recall', cjson.encode({ client = client, day = day }))
end
if now - recalled < ${SLICES.recallMs} then return { 'wait', ${SLICES.lookAgainMs} } end
return { 'used-up' }
`;

export const lease = redisScript<LeaseArguments, LeaseReply>(LEASE, KEYS);

interface GiveBackArguments extends CommonArguments, SliceRest {}

// A gateway that has not joined since a loss of data has not said that it claimed these bytes.
const GIVE_BACK = `${PRELUDE}
if member then add(usageOf(args.day), 'claimed:' .. args.client, -args.bytes) end
return 0
`;

export const giveBack = redisScript<GiveBackArguments, number>(GIVE_BACK, KEYS);
