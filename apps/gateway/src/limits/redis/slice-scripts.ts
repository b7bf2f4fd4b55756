/** Leases a slice of a client's quota of a day, or takes back what is left of one. */
import { redisScript } from '../../redis/redis-script.js';
import type { ClientDay, SliceRequest } from '../exchange.js';
import { KEYS, PRELUDE } from './count-prelude.js';
import type { CommonArguments } from './count-prelude.js';

/** A slice beyond what is needed: at most this, and at most so great a share of what is free. */
const MOST_AHEAD = 1_048_576;
const SHARE_AHEAD = 64;
/** Nothing is leased for this time after a loss of data: every gateway has to say first what it knows was claimed. */
const JOIN_MS = 2000;
/** How long to wait for what others have left of their slices, and how long before they are asked again. */
const RECALL_MS = 1000;
const RECALL_AGAIN_MS = 5000;
/** How soon a gateway that waits looks again. */
const LOOK_AGAIN_MS = 50;

interface LeaseArguments extends CommonArguments, SliceRequest {}

/** `leased`: bytes, and what is claimed now; `wait`: milliseconds; `used-up`. */
export type LeaseReply =
  readonly [result: Buffer, bytes: number, claimed: number] | readonly [result: Buffer, ms: number];

const LEASE = `${PRELUDE}
local client, day, need, quota = args.client, args.day, args.need, args.bytesPerDay
if not member then return { 'wait', ${LOOK_AGAIN_MS} } end
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
  local ahead = math.min(${MOST_AHEAD}, math.floor((free - need) / ${SHARE_AHEAD}))
  local bytes = need + (ahead < need and 0 or ahead)
  add(key, 'claimed:' .. client, bytes)
  return { 'leased', bytes, claimed + bytes }
end
if amount(key, 'bytes:' .. client) + need > quota then return { 'used-up' } end
local recalled = amount(key, 'recalled:' .. client)
if now < recalled or now - recalled > ${RECALL_AGAIN_MS} then
  recalled = now
  redis.call('HSET', key, 'recalled:' .. client, now)
  redis.call('XADD', COUNTS, '*', 'from', id, 'recall', cjson.encode({ client = client, day = day }))
end
if now - recalled < ${RECALL_MS} then return { 'wait', ${LOOK_AGAIN_MS} } end
return { 'used-up' }
`;

export const lease = redisScript<LeaseArguments, LeaseReply>(LEASE, KEYS);

interface GiveBackArguments extends CommonArguments, ClientDay {
  readonly bytes: number;
}

// A gateway that has not joined since a loss of data has not said that it claimed these bytes.
const GIVE_BACK = `${PRELUDE}
if member then add(usageOf(args.day), 'claimed:' .. args.client, -args.bytes) end
return 0
`;

export const giveBack = redisScript<GiveBackArguments, number>(GIVE_BACK, KEYS);
