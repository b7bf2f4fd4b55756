import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { siteOf } from '../addresses/address-network.js';
import { Place, Room } from './room.js';

const SIZE = { bytes: 800, networkBytes: 100, patienceMs: 1000 };

class Scene {
  now = 0;
  readonly closed: string[] = [];
  readonly room = new Room(SIZE, () => this.now);

  /** A connection of `source` that takes `bytes` at once. */
  connect(name: string, source: string, bytes = 10): Place {
    const place = new Place(this.room, source, () => this.closed.push(name), this.now);
    place.grow(bytes);
    return place;
  }

  /** Ten connections of 10 bytes: all that one network may have. */
  fill(source: string): Place[] {
    return Array.from({ length: 10 }, (_, i) => this.connect(`${source} ${i}`, source));
  }
}

describe('one address', () => {
  test('gets no more than its network may have: what is new goes', () => {
    const scene = new Scene();
    scene.fill('192.0.2.1');
    scene.connect('new', '192.0.2.1');
    expect(scene.closed).toEqual(['new']);
    expect(scene.room.held).toBe(100);
  });

  test('displaces its own slowest connection once that was slow for a while', () => {
    const scene = new Scene();
    const [, , third] = scene.fill('192.0.2.1');
    scene.now = 1000;
    for (const place of scene.fill('192.0.3.1')) place.leave();
    if (third !== undefined) third.since = -1;
    scene.connect('new', '192.0.2.1');
    expect(scene.closed).toEqual(['192.0.2.1 2']);
  });

  test.each([
    ['an IPv4 /24', '192.0.2.1', '192.0.2.255'],
    ['an IPv6 /48', '2001:db8:0:1::/64', '2001:db8:0:ffff::/64'],
  ])('of %s displaces one of another that holds more, at once', (_, many, one) => {
    const scene = new Scene();
    scene.fill(many);
    scene.connect('new', one);
    expect(scene.closed).toEqual([`${many} 0`]);
    expect(scene.room.held).toBe(100);
  });

  test('counts with what arrives: it can grow until its network has its part', () => {
    const scene = new Scene();
    const one = scene.connect('one', '192.0.2.1', 50);
    const two = scene.connect('two', '192.0.2.2', 40);
    expect(two.grow(10)).toBe(true);
    expect(two.grow(1)).toBe(false); // both hold 50: the older one would go, but this one asks for more than half
    expect(scene.closed).toEqual(['two']);
    expect(one.grow(50)).toBe(true);
    expect(scene.room.held).toBe(100);
  });
});

describe('all networks together', () => {
  const networks = Array.from({ length: 8 }, (_, i) => `198.51.${i}.1`);

  test('a newcomer displaces the slowest of the network that holds most', () => {
    const scene = new Scene();
    for (const network of networks) scene.fill(network);
    scene.connect('good', '192.0.2.1');
    expect(scene.closed).toEqual(['198.51.0.1 0']);
    expect(scene.room.held).toBe(800);
  });

  test('a flood from 40 networks displaces itself, and nobody who takes less', () => {
    const scene = new Scene();
    for (let i = 0; i < 2000; i++) scene.connect(`bad ${i}`, `198.51.${i % 40}.1`);
    const good = scene.connect('good', '192.0.2.1');
    for (let i = 0; i < 2000; i++) scene.connect(`bad ${i}`, `198.51.${i % 40}.1`);
    expect(scene.closed.includes('good')).toBe(false);
    expect(good.held).toBe(10);
    expect(scene.room.held).toBe(800);
  });
});

test('in a room where nobody has a part of their own, one network may have all', () => {
  const room = new Room({ ...SIZE, networkBytes: SIZE.bytes }, () => 0);
  const closed: number[] = [];
  for (let i = 0; i < 100; i++) new Place(room, '192.0.2.1', () => closed.push(i), 0).grow(10);
  expect([room.held, room.places, room.isShared]).toEqual([800, 80, false]);
});

test('of its own address none gives way to one that has just come', () => {
  const scene = new Scene();
  scene.fill('192.0.2.1');
  scene.now = 5000;
  const { room } = scene;
  expect([0, 999, 1000].map((waited) => room.hasRoomFor('192.0.2.1', 10, waited))).toEqual([
    false,
    false,
    true,
  ]);
  expect(room.hasRoomFor('192.0.2.2', 10, 0)).toBe(true);
});

test('of two that are slow the one that holds most gives way', () => {
  const scene = new Scene();
  scene.connect('idle', '192.0.2.1', 10);
  scene.now = 1000;
  scene.connect('unread', '192.0.2.1', 80);
  scene.now = 2000;
  scene.connect('new', '192.0.2.1', 20);
  expect(scene.closed).toEqual(['unread']);
});

test('connections of one key have one part of the room, wherever they come from, and the key that holds most gives way', () => {
  const room = new Room({ ...SIZE, networkBytes: SIZE.bytes }, () => 0);
  const closed: string[] = [];
  const come = (key: string, source: string): void => {
    const place = new Place(room, source, () => closed.push(key), 0);
    place.moveTo(room, key);
    place.grow(10);
  };
  for (let i = 0; i < 78; i++) come('bad', `192.0.${i}.1`);
  come('good', '192.0.2.1');
  for (let i = 0; i < 20; i++) come('bad', '198.51.100.1');
  come('good', '198.51.100.1');
  expect(closed).toEqual(Array(20).fill('bad'));
});

test('a connection that moves to another room takes along what it holds', () => {
  const scene = new Scene();
  const known = new Room({ ...SIZE, networkBytes: SIZE.bytes }, () => 0);
  const place = scene.connect('one', '192.0.2.1', 60);
  place.moveTo(known);
  expect([scene.room.held, known.held, place.isStranger]).toEqual([0, 60, false]);
  place.grow(5);
  place.leave();
  place.leave();
  expect([known.held, known.places, place.grow(1)]).toEqual([0, 0, false]);
});

test('whatever comes and goes, no bound is exceeded and nothing is lost from the count', () => {
  const source = fc.tuple(fc.nat(3), fc.nat(3)).map(([a, b]) => `192.0.${a}.${b}`);
  const step = fc.oneof(
    fc.record({ kind: fc.constant('connect'), source, bytes: fc.nat(60) }),
    fc.record({ kind: fc.constantFrom('grow', 'shrink', 'leave', 'pass'), at: fc.nat(), bytes: fc.nat(40) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      let now = 0;
      const room = new Room({ bytes: 300, networkBytes: 100, patienceMs: 5 }, () => now);
      const open = new Set<Place>();
      for (const one of steps) {
        now += 1;
        const place = 'at' in one ? [...open][one.at % Math.max(1, open.size)] : undefined;
        if ('source' in one) {
          const made: Place = new Place(room, one.source, () => open.delete(made), now);
          open.add(made);
          made.grow(one.bytes);
        } else if (one.kind === 'grow') place?.grow(one.bytes);
        else if (one.kind === 'shrink') place?.shrink(Math.min(one.bytes, place.held));
        else if (place !== undefined && one.kind === 'leave') {
          place.leave();
          open.delete(place);
        }
        const held = [...open].reduce((sum, { held }) => sum + held, 0);
        expect([room.held, room.places]).toEqual([held, open.size]);
        expect(held).toBeLessThanOrEqual(300);
        const networks = new Map<string, number>();
        for (const { source, held } of open) {
          networks.set(siteOf(source), (networks.get(siteOf(source)) ?? 0) + held);
        }
        expect(Math.max(0, ...networks.values())).toBeLessThanOrEqual(100);
      }
    }),
  );
});
