/**
 * What RateLimiter does, for all gateways together: one call decides on many requests, in the order in which they came.
 *
 *   clients   hash  client  -> its windows and its block
 *   networks  hash  network -> the same for failed authentications
 *
 * The windows are those of SlidingWindow: 64 slots, of which those count that are not older than the window. Redis' clock
 * is the only one.
 */
import { redisScript } from '../../redis/redis-script.js';
import type { RatePolicy } from '../rate-limiter.js';

const KEYS = ['clients', 'networks'] as const;

/** A request of a network: of a client that is authenticated, or one whose authentication failed. */
export interface LimitedRequest {
  readonly network: string;
  readonly client?: {
    readonly name: string;
    readonly policy: RatePolicy;
    /** Further requests to count in advance, if there is plenty. */
    readonly want?: number;
  };
}

export interface LimitArguments {
  readonly networkPolicy: RatePolicy;
  /** Networks that are remembered; beyond it some of them are forgotten. */
  readonly maxNetworks: number;
  readonly requests: readonly LimitedRequest[];
}

/** What the script says of a request: whose limit it met or where it stands, codes of SharedLimits, milliseconds. */
export type LimitReply = readonly [
  ofNetwork: number,
  refused: number,
  blockedNow: number,
  left: number,
  burstLeft: number,
  waitMs: number,
  inAdvance: number,
];

/** No more is counted in advance than this part of what is left: it may remain unused. */
const PLENTY = 64;

const SCRIPT = `
local input = cjson.decode(ARGV[1])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + tonumber(time[2]) / 1000
local SLOTS, SECOND, HOUR = 64, 1000, 3600000

-- A window is { slot, amount, slot, amount, ... }, the oldest first. No time passes within a call: a window is summed once.
local sums = {}
local function sum(window, ms)
  if sums[window] then return sums[window] end
  local oldest, total = math.floor(now * SLOTS / ms) - SLOTS, 0
  while window[1] and window[1] < oldest do
    table.remove(window, 1)
    table.remove(window, 1)
  end
  for i = 2, #window, 2 do total = total + window[i] end
  sums[window] = total
  return total
end
local function add(window, ms, amount)
  sums[window] = sum(window, ms) + amount
  local slot = math.floor(now * SLOTS / ms)
  if window[#window - 1] == slot then
    window[#window] = window[#window] + amount
  else
    window[#window + 1] = slot
    window[#window + 1] = amount
  end
end
-- Milliseconds until the sum is at most 'limit', if nothing is added.
local function wait(window, ms, limit)
  local left, i = sum(window, ms), 1
  while left > limit and window[i] do
    left = left - window[i + 1]
    i = i + 2
  end
  return i == 1 and 0 or (window[i - 2] + SLOTS + 1) * ms / SLOTS - now
end

local states = { [KEYS[1]] = {}, [KEYS[2]] = {} }
local function stateOf(key, name, policy)
  local windowMs = policy.windowSecs * 1000
  local state = states[key][name]
  if state == nil then
    local packed = redis.call('HGET', key, name)
    if packed then
      state = cmsgpack.unpack(packed)
      states[key][name] = state
    end
  end
  if state == nil or state.windowMs ~= windowMs then
    return { windowMs = windowMs, window = {}, second = {}, refusals = {}, blockedUntil = 0 }
  end
  return state
end
local function count(key, name, state, amount)
  add(state.window, state.windowMs, amount)
  add(state.second, SECOND, amount)
  states[key][name] = state
end
local function refusal(key, name, state, policy)
  if now < state.blockedUntil then return { 3, 0, 0, 0, math.ceil(state.blockedUntil - now) } end
  if sum(state.window, state.windowMs) < policy.max and sum(state.second, SECOND) < policy.burst then return nil end
  states[key][name] = state
  add(state.refusals, HOUR, 1)
  if sum(state.refusals, HOUR) >= policy.blockAfter then
    state.refusals = {}
    state.blockedUntil = now + policy.blockSecs * 1000
    return { 3, 1, 0, 0, policy.blockSecs * 1000 }
  end
  local window = wait(state.window, state.windowMs, policy.max - 1)
  local second = wait(state.second, SECOND, policy.burst - 1)
  return { window > 0 and 1 or 2, 0, 0, 0, math.ceil(math.max(window, second)) }
end

local function judge(request)
  local network = stateOf(KEYS[2], request.network, input.networkPolicy)
  local refused = refusal(KEYS[2], request.network, network, input.networkPolicy)
  if refused then return { 1, unpack(refused) } end
  if request.client == nil then
    count(KEYS[2], request.network, network, 1)
    return { 1, 0, 0, 0, 0, 0, 0 }
  end
  local name, policy = request.client.name, request.client.policy
  local client = stateOf(KEYS[1], name, policy)
  refused = refusal(KEYS[1], name, client, policy)
  if refused then return { 0, unpack(refused) } end
  local left = policy.max - sum(client.window, client.windowMs) - 1
  local burstLeft = policy.burst - sum(client.second, SECOND) - 1
  local inAdvance = math.min(request.client.want or 0, math.floor(math.min(left, burstLeft) / ${PLENTY}))
  count(KEYS[1], name, client, 1 + inAdvance)
  return { 0, 0, 0, left - inAdvance, burstLeft - inAdvance,
    math.ceil((client.window[1] + SLOTS + 1) * client.windowMs / SLOTS - now), inAdvance }
end

local replies = {}
for i, request in ipairs(input.requests) do replies[i] = judge(request) end
for key, named in pairs(states) do
  for name, state in pairs(named) do redis.call('HSET', key, name, cmsgpack.pack(state)) end
end
while redis.call('HLEN', KEYS[2]) > input.maxNetworks do
  redis.call('HDEL', KEYS[2], redis.call('HRANDFIELD', KEYS[2]))
end
return replies
`;

export const limit = redisScript<LimitArguments, readonly LimitReply[]>(SCRIPT, KEYS, (args) => [
  JSON.stringify(args),
]);
