/**
 * What every script of the shared pool begins with. Each script is one atomic step inside Redis. The names of its keys
 * stand behind the prefix of the deployment.
 *
 *   pool      hash  received, served, discarded, stored, leased: the ledger of all gateways, in bytes
 *   blocks    list  oldest first, two elements a block: when it came (Unix ms by Redis' clock), its bytes
 *   replay    hash  collector -> (boot, sequence) and MAC of its last packets, newest first, and the latest time of
 *                   sealing; @fence, @created
 *   replicas  hash  gateway process -> when it last reported, what it holds, what it served and dropped
 *
 * `received = served + discarded + stored + leased` holds after every script.
 */
export const KEYS = ['pool', 'blocks', 'replay', 'replicas'] as const;

/** The arguments that every script has. */
export interface CommonArguments {
  /** The gateway's clock. */
  readonly nowMs: number;
  /** How long bytes may lie in the pool; 0: for ever. */
  readonly ttlMs: number;
  /** Of this gateway process, another at each start. */
  readonly id: string;
  /** Leased bytes that it served, and that it dropped unserved: totals since the process began. */
  readonly served: number;
  readonly dropped: number;
}

/** The common arguments, in the order in which the prelude reads them. */
export function encodeCommon({ nowMs, ttlMs, id, served, dropped }: CommonArguments): string[] {
  return [String(nowMs), String(ttlMs), id, String(served), String(dropped)];
}

/** What every script gives back, as Redis sends it; numbers are bytes and milliseconds. */
export type PoolReply<Result, Detail> = readonly [
  result: Result,
  detail: Detail,
  ledger: readonly [received: number, served: number, discarded: number, stored: number, leased: number],
  /** How much of `leased` is this gateway's. */
  own: number,
  /** What this call discarded, beside what the gateway reported to have dropped. */
  discarded: readonly [replaced: number, expired: number, fence: number, lease: number],
  oldestAgeMs: number,
  /** 1 when this call found the replay state missing or the fence broken, and began a new one. */
  fresh: number,
];

/**
 * The fence: a restart or a failover gives the server another replication id (INFO, master_replid). Bytes that were
 * popped may be back then, so the pool is deleted, and positions may be behind, so the replay state counts as created
 * now. Positions are never deleted: each is still a lower bound.
 */
export const PRELUDE = `
local POOL, BLOCKS, REPLAY, REPLICAS = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local clock, ttl, id = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
local served, dropped = tonumber(ARGV[4]), tonumber(ARGV[5])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local discarded = { replaced = 0, expired = 0, fence = 0, lease = 0 }
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

-- The fence.
local server = string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')
if redis.call('HGET', REPLAY, '@fence') ~= server then
  fresh = 1
  local created = string.format('%020.0f', math.max(now, clock) + 1)
  redis.call('HSET', REPLAY, '@fence', server, '@created', created)
  redis.call('DEL', BLOCKS)
end
if redis.call('EXISTS', BLOCKS) == 0 then discard('stored', 'fence', amount('stored')) end

-- The gateway's report. Totals, not differences: a report whose answer was lost is made good by the next one.
local own, servedBefore, droppedBefore = 0, served, dropped
local record = redis.call('HGET', REPLICAS, id)
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

-- Takes at most 'most' of the oldest bytes out of the list: how many, and the pieces, each after its age.
local function take(most)
  local taken, pieces = 0, {}
  while taken < most and #pieces < 1024 do
    local block = redis.call('LPOP', BLOCKS, 2)
    if not block then break end
    local at, bytes = block[1], block[2]
    if #bytes > most - taken then
      redis.call('LPUSH', BLOCKS, bytes:sub(most - taken + 1), at)
      bytes = bytes:sub(1, most - taken)
    end
    taken = taken + #bytes
    pieces[#pieces + 1] = math.max(0, now - tonumber(at))
    pieces[#pieces + 1] = bytes
  end
  return taken, pieces
end

local function expire()
  while ttl > 0 do
    local at = redis.call('LINDEX', BLOCKS, 0)
    if not at or now - tonumber(at) < ttl then return end
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
    { discarded.replaced, discarded.expired, discarded.fence, discarded.lease },
    oldest and math.max(0, now - tonumber(oldest)) or 0, fresh }
end
`;
