/**
 * What the scripts of the limits begin with.
 *
 *   counts     stream  what each gateway counted, 10 s of it: from, number, counts (JSON); or from, recall (client and day)
 *   members    hash    gateway process -> number of its last counts, and when they came; @server, @since
 *   usage:DAY  hash    requests:CLIENT, bytes:CLIENT (served); claimed:CLIENT (served or leased); recalled:CLIENT (when)
 */
export const KEYS = ['counts', 'members', 'usage'] as const;

export interface CommonArguments {
  /** Of this gateway process, another at each start. */
  readonly id: string;
  /** The number of its last counts that Redis confirmed. */
  readonly confirmed: number;
}

/**
 * A server that restarted or was promoted has another replication id (INFO, master_replid); one that comes back from before a
 * failover has not heard of counts that were confirmed. Either may have lost what gateways claimed, so all of them have to
 * join again and say what they know, and until they had the time to nothing is leased.
 */
export const PRELUDE = `
local COUNTS, MEMBERS, USAGE = KEYS[1], KEYS[2], KEYS[3]
local args = cjson.decode(ARGV[1])
local id, confirmed = args.id, args.confirmed
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local server = string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')
local member = tonumber(string.match(redis.call('HGET', MEMBERS, id) or '', '^%d+'))
if redis.call('HGET', MEMBERS, '@server') ~= server or (member and member < confirmed) then
  redis.call('DEL', MEMBERS)
  redis.call('HSET', MEMBERS, '@server', server, '@since', now)
  member = nil
end
local function usageOf(day) return USAGE .. ':' .. string.format('%.0f', day) end
local function amount(key, field) return tonumber(redis.call('HGET', key, field) or 0) end
local function add(key, field, n)
  if n == 0 then return end
  redis.call('HINCRBY', key, field, string.format('%.0f', n))
  redis.call('EXPIRE', key, 345600)
end
`;
