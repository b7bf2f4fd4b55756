/** The positions in a shared pool, for operators: all of them, and to forget one. */
import { redisScript } from '../../redis/redis-script.js';
import type { Position } from '../replay/replay-state.js';
import { SHARED_FIELDS } from './positions.js';

/** Field, value, field, value ... of the hash of positions, with those of all collectors together (`@floor` and so on). */
export const allPositions = redisScript<object, readonly Buffer[]>(`return redis.call('HGETALL', KEYS[1])`, [
  'replay',
]);

/**
 * The position of a collector becomes a floor, as ReplayState.forget says it; gives the floor and Redis' clock (Unix ms), or
 * nothing when the collector has no position.
 */
export const forgetPosition = redisScript<{ readonly collector: string }, readonly [number, number] | null>(
  `local collector = cjson.decode(ARGV[1]).collector
local value = redis.call('HGET', KEYS[1], collector)
if not value then return nil end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local newest = tonumber(value:sub(1, 20))
local floor = math.max(now + 1, newest + 1)
redis.call('HSET', KEYS[1], collector, string.format('%020.0f %020.0f %s ', newest, floor, value:sub(43, 43)))
return { floor, now }`,
  ['replay'],
);

/** What `allPositions` gives, as a single gateway keeps it. */
export interface SharedPositions {
  readonly floor: number;
  readonly newest: number;
  readonly epoch: number;
  readonly positions: ReadonlyMap<string, Position>;
}

export function decodePositions(reply: readonly Buffer[]): SharedPositions {
  const positions = new Map<string, Position>();
  const shared = new Map<string, number>();
  for (let at = 0; at < reply.length; at += 2) {
    const [field, value] = [String(reply[at]), String(reply[at + 1])];
    if (SHARED_FIELDS.includes(field)) shared.set(field, Number(value));
    else positions.set(field, decodePosition(value));
  }
  const [floor, newest, epoch] = ['@floor', '@newest', '@epoch'].map((field) => shared.get(field) ?? 0);
  return { floor: floor ?? 0, newest: newest ?? 0, epoch: epoch ?? 0, positions };
}

/** See positions.ts for how it is written. There the last packet comes first, here last. */
function decodePosition(value: string): Position {
  const packets = [...value.slice(44).matchAll(/(\d{20})(\d{20}) ([0-9a-f]{64}) /g)];
  return {
    newest: Number(value.slice(0, 20)),
    since: Number(/@(\d+)$/.exec(value)?.[1] ?? value.slice(0, 20)),
    floor: Number(value.slice(21, 41)),
    ownKey: value[42] === '1',
    recent: packets
      .map(([, boot = '0', sequence = '0', mac = '']) => ({
        boot: BigInt(boot),
        sequence: BigInt(sequence),
        mac: Buffer.from(mac, 'hex'),
      }))
      .reverse(),
  };
}
