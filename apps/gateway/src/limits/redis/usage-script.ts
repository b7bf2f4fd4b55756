/**
 * What all gateways together have served to each client in the current UTC day, by Redis' clock.
 *
 *   usage  hash  @day; CLIENT:requests, CLIENT:bytes
 */
import { redisScript } from '../../redis/redis-script.js';
import type { DayUsage } from '../usage-book.js';

const KEYS = ['usage'] as const;

/** What is to be added to the usage of a client; with a quota only if the sum does not exceed it. */
export interface UsageChange {
  readonly client: string;
  readonly requests: number;
  readonly bytes: number;
  readonly bytesPerDay?: number | undefined;
  /** What Redis last told of it: it counts if Redis has lost that, or fell back behind it. */
  readonly known?: DayUsage;
}

export interface UsageArguments {
  /** The UTC day of `known`, as the number of days since 1970. */
  readonly day: number;
  readonly changes: readonly UsageChange[];
}

/** The usage after the change, or without it if it did not fit. */
export type UsageReply = readonly [day: number, fits: number, requests: number, bytes: number];

// A clock that was set back does not give a quota a second time.
const SCRIPT = `
local USAGE = KEYS[1]
local input = cjson.decode(ARGV[1])
local day = math.floor(tonumber(redis.call('TIME')[1]) / 86400)
local last = tonumber(redis.call('HGET', USAGE, '@day') or -1)
if day > last then
  redis.call('DEL', USAGE)
  redis.call('HSET', USAGE, '@day', day)
else
  day = last
end
local function raise(field, value)
  if value > tonumber(redis.call('HGET', USAGE, field) or 0) then
    redis.call('HSET', USAGE, field, string.format('%.0f', value))
  end
end
local replies = {}
for i, change in ipairs(input.changes) do
  local requests, bytes = change.client .. ':requests', change.client .. ':bytes'
  if change.known and input.day == day then
    raise(requests, change.known.requests)
    raise(bytes, change.known.bytes)
  end
  local used = tonumber(redis.call('HGET', USAGE, bytes) or 0)
  local fits = change.bytesPerDay == nil or used + change.bytes <= change.bytesPerDay
  if fits then
    used = redis.call('HINCRBY', USAGE, bytes, change.bytes)
    if used < 0 then
      used = 0
      redis.call('HSET', USAGE, bytes, 0)
    end
    redis.call('HINCRBY', USAGE, requests, change.requests)
  end
  replies[i] = { day, fits and 1 or 0, tonumber(redis.call('HGET', USAGE, requests) or 0), used }
end
return replies
`;

export const usage = redisScript<UsageArguments, readonly UsageReply[]>(SCRIPT, KEYS, (args) => [
  JSON.stringify(args),
]);
