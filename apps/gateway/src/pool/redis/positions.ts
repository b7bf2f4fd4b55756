/**
 * What Redis remembers of a collector, and the Lua that reads and heals it, with the rules of replay-state.
 *
 *   newest  20 digits  the latest timestamp taken, Unix ms
 *   floor   20 digits  nothing of this collector exposed before it is taken, Unix ms
 *   own      1 digit   1: the packets were sealed with a key of this collector alone
 *   then for each of the latest packets, the last one first: boot and sequence, 20 digits each; its HMAC, 64 hex digits
 *
 * Each is followed by a space, but for boot. At the end @ and 20 digits, when something was taken last; missing where that was not noted.
 * Positions are compared as text, because Lua's numbers are doubles.
 */
import { MAX_COLLECTORS } from '../../bounds.js';
import { REMEMBERED_PACKETS } from '../replay/replay-state.js';

const POSITION_DIGITS = 40;
const RECORD_LENGTH = POSITION_DIGITS + 1 + 64 + 1;
/** Fields of the hash that are no collectors. */
export const SHARED_FIELDS = ['@fence', '@epoch', '@floor', '@newest'];
const OTHER_FIELDS = SHARED_FIELDS.length;

/** Needs the prelude, and `packetTtl` in ms. */
export const POSITIONS = `
local function positionOf(value)
  local recent, since = string.match(value:sub(45), '^([^@]*)@?(%d*)$')
  local newest = tonumber(value:sub(1, 20))
  return { newest = newest, floor = tonumber(value:sub(22, 41)), own = value:sub(43, 43), recent = recent,
    since = tonumber(since) or newest }
end
local function valueOf(position)
  return string.format('%020.0f %020.0f %s %s@%020.0f', position.newest, position.floor, position.own, position.recent,
    position.since)
end

-- The first moment of exposure that nothing a position has taken can have.
local function endOf(position) return math.max(position.newest + 1, position.floor) end

-- When a position is forgotten, as ReplayState has it.
local function forgottenAt(position)
  return 1 + math.max(position.since, position.floor - 1) + packetTtl + skew
end

-- The position of a collector; nothing once no copy of what it took can be fresh: then the floor rises above all of that.
local function healed(collector, value)
  local position = value and positionOf(value)
  -- A clock was ahead when it was forgotten, and nothing later was taken.
  if position and position.floor - now > skew and position.newest <= now then
    position.floor = now + 1
    redis.call('HSET', REPLAY, collector, valueOf(position))
  end
  if not position or now < forgottenAt(position) then return position end
  redis.call('HDEL', REPLAY, collector)
  if endOf(position) > floor then
    floor = endOf(position)
    note('@floor', floor)
  end
end

local function isFull()
  if redis.call('HLEN', REPLAY) < ${MAX_COLLECTORS + OTHER_FIELDS} then return false end
  local all = redis.call('HGETALL', REPLAY)
  for i = 1, #all, 2 do
    if all[i]:sub(1, 1) ~= '@' then healed(all[i], all[i + 1]) end
  end
  return redis.call('HLEN', REPLAY) >= ${MAX_COLLECTORS + OTHER_FIELDS}
end

-- Compares a fresh packet with what was taken, as ReplayState.check says it; and the last packet before it in its run.
local function standing(position, packet)
  if packet.exposed < floor then return 'below-floor', '' end
  if not position then return isFull() and 'too-many-collectors' or 'next', '' end
  if packet.exposed < (position.own == packet.own and position.floor or endOf(position)) then return 'below-floor', '' end
  local last = position.recent:sub(1, ${POSITION_DIGITS})
  if last == '' then return 'next', string.format('%020.0f', position.floor) end
  if position.own ~= packet.own or packet.position > last then return 'next', last end
  local mac = string.match(position.recent, packet.position .. ' (%x+)')
  if mac then return mac == packet.mac and 'replay' or 'conflict', '' end
  -- Sealed after all that was accepted, and yet not above it: a second sealer of this run.
  local isLater = packet.position:sub(1, 20) == last:sub(1, 20) and packet.stamped > position.newest
  return isLater and 'conflict' or 'replay', ''
end

local function advance(collector, position, packet)
  local recent = position and position.own == packet.own and position.recent or ''
  local kept = { own = packet.own, newest = packet.stamped, since = math.min(packet.stamped, now), floor = 0,
    recent = (packet.position .. ' ' .. packet.mac .. ' ' .. recent):sub(1, ${REMEMBERED_PACKETS * RECORD_LENGTH}) }
  if position then
    kept.newest = math.max(kept.newest, position.newest)
    kept.since = math.max(kept.since, position.since)
    kept.floor = position.own == packet.own and position.floor or endOf(position)
  end
  redis.call('HSET', REPLAY, collector, valueOf(kept))
  if packet.stamped > newest then
    newest = packet.stamped
    note('@newest', newest)
  end
end
`;
