/**
 * What every script of the shared pool begins with. Each script is one atomic step inside Redis, and takes its time from
 * Redis' clock alone. The names of its keys stand behind the prefix and the space of the deployment.
 *
 *   pool      hash  received, served, discarded, stored, leased: the ledger of all gateways, in bytes
 *                     purged   number of times that it was emptied because it held bad bytes
 *   blocks    list  oldest first, two elements a block: when it came (Unix ms; packet-text.ts says what may follow), its bytes
 *   replay    hash  collector -> its position, see admit-script; and of all of them
 *                     @fence   replication id of the server that the epoch began on
 *                     @epoch   number of times that data may have been lost
 *                     @floor   nothing exposed before it is taken (Unix ms)
 *                     @newest  the latest timestamp taken (Unix ms)
 *   replicas  hash  gateway process -> when it last reported, what it holds, what it served and dropped
 *
 * `received = served + discarded + stored + leased` holds after every script.
 */
import { DEPLOYMENTS } from '../../redis/deployment.js';

export const KEYS = ['pool', 'blocks', 'replay', 'replicas', DEPLOYMENTS] as const;

/** Which of its histories a pool is in: a number that rises, and the server that it began on. */
export interface Epoch {
  readonly number: number;
  readonly fence: string;
}

export interface CommonArguments {
  /** Where this deployment's keys are, and a key that leads there; no key at a gateway that takes no packets. */
  readonly membership: { readonly space: string; readonly fingerprint: string };
  /** The latest epoch that this gateway has used, and the latest timestamp that it knows to have been taken. */
  readonly epoch: Epoch;
  readonly newest: number;
  /** When Redis last answered this gateway process, by its own clock, Unix ms; 0: never. */
  readonly seen: number;
  /** How far clocks may differ, ms. */
  readonly skewMs: number;
  /** How long bytes may lie in the pool, ms; 0: forever. */
  readonly ttlMs: number;
  /** Of this gateway process, another at each start. */
  readonly id: string;
  /** Leased bytes that it served, and that it dropped unserved: totals since the process began. */
  readonly served: number;
  readonly dropped: number;
}

/** A gateway that was silent for this long is dead: what it held counts as discarded, ms. */
export const DEAD_AFTER_MS = 10_000;

/** What every script gives back, as Redis sends it; numbers are bytes and milliseconds. */
export type PoolReply<Result, Detail> = readonly [
  /** `epoch`: this gateway has to remember the epoch first, and nothing was done. */
  result: Result,
  detail: Detail,
  ledger: readonly [received: number, served: number, discarded: number, stored: number, leased: number],
  /** How much of `leased` is this gateway's. */
  own: number,
  /** What this call discarded, beside what the gateway reported to have dropped. */
  discarded: readonly [replaced: number, expired: number, fence: number, lease: number, health: number],
  oldestAgeMs: number,
  /** 1 when this call found the replay state missing or the fence broken, and began a new epoch. */
  fresh: number,
  epoch: number,
  fence: Buffer,
  /** Redis' clock, the floor and the latest timestamp taken, Unix ms. */
  now: number,
  floor: number,
  newest: number,
  /** How often the pool was emptied because of what was in it. */
  purged: number,
];

/** Instead of all that: this deployment's keys are elsewhere, and nothing was done. */
export type Moved = readonly ['moved'];

/**
 * The fence: a restart or a failover gives the server another replication id (INFO, master_replid), and a fail-back to a
 * server that never restarted shows in an epoch that a gateway has left behind, and a machine that was restored from a snapshot
 * in knowing less of this very epoch than a gateway: what was taken, or when that gateway last reported. Bytes that were popped
 * may be back then, so the pool is deleted; positions may be behind, so nothing exposed up to now is taken any more. Positions are never
 * deleted: each is still a lower bound. A gateway that comes from another epoch brings along what it knows.
 */
export const PRELUDE = `
local POOL, BLOCKS, REPLAY, REPLICAS, DEPLOYMENTS = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local args = cjson.decode(ARGV[1])
local space, fingerprint = args.membership.space, args.membership.fingerprint
local knownEpoch, knownFence, known = args.epoch.number, args.epoch.fence, args.newest
local seen, skew, ttl, id, served, dropped = args.seen, args.skewMs, args.ttlMs, args.id, args.served, args.dropped
if fingerprint ~= '' and redis.call('HGET', DEPLOYMENTS, fingerprint) ~= space then return { 'moved' } end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local discarded = { replaced = 0, expired = 0, fence = 0, lease = 0, health = 0 }
local fresh = 0

local function amount(name) return tonumber(redis.call('HGET', POOL, name) or 0) end
local function move(from, to, bytes)
  if bytes == 0 then return end
  redis.call('HINCRBY', POOL, from, -bytes)
  redis.call('HINCRBY', POOL, to, bytes)
end
local function discard(from, reason, bytes)
  move(from, 'discarded', bytes)
  discarded[reason] = discarded[reason] + bytes
end

-- The fence, and the floor.
local state = redis.call('HMGET', REPLAY, '@fence', '@epoch', '@floor', '@newest')
local fence, epoch, floor, newest = state[1], tonumber(state[2] or 0), tonumber(state[3] or 0), tonumber(state[4] or 0)
local function note(name, value) redis.call('HSET', REPLAY, name, string.format('%.0f', value)) end
local server = string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')
local isKnown = knownEpoch == epoch and knownFence == fence
local record = redis.call('HGET', REPLICAS, id)
local reported = tonumber(record and string.match(record, '^%d+') or now - seen > ${DEAD_AFTER_MS} and seen or 0)
local isBehind = isKnown and (known > newest or seen > reported)
if fence ~= server or knownEpoch > epoch or isBehind then
  fresh, fence, epoch = 1, server, math.max(epoch, knownEpoch) + 1
  newest = math.max(newest, known)
  floor = math.max(floor, now + 1, newest + 1)
  redis.call('HSET', REPLAY, '@fence', fence)
  note('@epoch', epoch)
  note('@floor', floor)
  note('@newest', newest)
  redis.call('DEL', BLOCKS)
elseif not isKnown and (known >= floor or known > newest) then
  newest = math.max(newest, known)
  floor = math.max(floor, known + 1)
  note('@floor', floor)
  note('@newest', newest)
end
-- A floor from a clock that was ahead, when nothing was taken since: as a state that begins now.
if floor - now > skew and newest <= now then
  floor = now + 1
  note('@floor', floor)
end
if redis.call('EXISTS', POOL) == 0 then redis.call('DEL', BLOCKS) end -- nobody knows how much it is
redis.call('HINCRBY', POOL, 'received', 0) -- where there is no memory, a script fails here, before it takes anything
if redis.call('EXISTS', BLOCKS) == 0 then discard('stored', 'fence', amount('stored')) end

-- The gateway's report. Totals, not differences: a report whose answer was lost is made good by the next one.
local own, servedBefore, droppedBefore = 0, served, dropped
if record then
  local a, b, c = string.match(record, '%d+ (%d+) (%d+) (%d+)')
  own, servedBefore, droppedBefore = tonumber(a), tonumber(b), tonumber(c)
end
local function settle(to, bytes)
  bytes = math.max(0, math.min(own, bytes))
  move('leased', to, bytes)
  own = own - bytes
  return bytes
end
settle('served', served - servedBefore)
settle('discarded', dropped - droppedBefore)

-- When a block came, and what follows the time.
local function came(at)
  local when = tonumber(at)
  if when then return when, nil end
  local time, ref = string.match(at, '^(%d+) (.*)$')
  return tonumber(time), ref
end

-- Takes at most 'most' of the oldest bytes out of the list: how many, and the pieces, each after its age.
local function take(most)
  local taken, pieces = 0, {}
  while taken < most and #pieces < 1024 do
    local block = redis.call('LPOP', BLOCKS, 2)
    if not block then break end
    local at, bytes = block[1], block[2]
    if #bytes > most - taken then
      local cut = most - taken
      local rest = string.gsub(at, '^(%d+) (%d+)', function(time, offset)
        return string.format('%s %d', time, offset + cut)
      end)
      redis.call('LPUSH', BLOCKS, bytes:sub(cut + 1), rest)
      bytes = bytes:sub(1, cut)
    end
    taken = taken + #bytes
    local when, ref = came(at)
    local age = math.max(0, now - when)
    pieces[#pieces + 1] = ref and { age, ref } or age
    pieces[#pieces + 1] = bytes
  end
  return taken, pieces
end

local function expire()
  while ttl > 0 do
    local at = redis.call('LINDEX', BLOCKS, 0)
    if not at or now - came(at) < ttl then return end
    discard('stored', 'expired', #redis.call('LPOP', BLOCKS, 2)[2])
  end
end

-- The end of every script.
local function answer(result, detail)
  redis.call('HSET', REPLICAS, id, string.format('%.0f %.0f %.0f %.0f',
    now, own, math.max(served, servedBefore), math.max(dropped, droppedBefore)))
  local oldest = redis.call('LINDEX', BLOCKS, 0)
  local ledger = redis.call('HMGET', POOL, 'received', 'served', 'discarded', 'stored', 'leased')
  for i = 1, 5 do ledger[i] = tonumber(ledger[i] or 0) end
  return { result, detail, ledger, own,
    { discarded.replaced, discarded.expired, discarded.fence, discarded.lease, discarded.health },
    oldest and math.max(0, now - came(oldest)) or 0, fresh, epoch, fence, now, floor, newest, amount('purged') }
end

-- Nothing is taken or handed out in an epoch that the gateway could forget.
if not isKnown or fresh == 1 then return answer('epoch', '') end
`;
