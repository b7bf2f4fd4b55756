/** The rules that make theorem 1 and 2 of docs/packet.md true, each taken away once. The model (test/model) has to notice every one. */
import { mutationsOf } from './mutation.js';

const GATEWAY = 'apps/gateway/src/pool';
const COLLECTOR = 'apps/collector/src';

/** What keeps a gateway of its own right. */
export const EMBEDDED = [
  ...mutationsOf(`${GATEWAY}/replay/freshness.ts`, [
    ['no packet is too old', 'now - stamped > ttlMs', 'now - stamped > Infinity'],
    ['no packet is too far in the future', 'stamped - now > skewMs', 'stamped - now > 1e10'],
    [
      'boot may be later than the timestamp',
      '- Number(timestamp) <= skewMs',
      '- Number(timestamp) <= Infinity',
    ],
    ['age is not looked at', 'return Number(timestamp) - age;', 'return Number(timestamp) - 0 * age;'],
  ]),
  ...mutationsOf(`${GATEWAY}/replay/replay-state.ts`, [
    ['the floor is not looked at', 'if (exposed < this.floor)', 'if (exposed < 0)'],
    ['the floor lets one millisecond in', 'if (exposed < this.floor)', 'if (exposed < this.floor - 1)'],
    ['a position is never forgotten', 'this.#positions.delete(collector);', 'return;'],
    ['a position is forgotten a skew too soon', 'floor - 1) + ttlMs + skewMs;', 'floor - 1) + ttlMs;'],
    [
      'a position that is forgotten leaves no floor',
      'this.floor = Math.max(this.floor, endOf(position));',
      '',
    ],
    [
      'that floor lets the last packet in',
      'return Math.max(newest + 1, floor);',
      'return Math.max(newest, floor);',
    ],
    [
      'a position under other keys leaves no floor',
      '? position.floor : endOf(position);',
      '? position.floor : position.floor;',
    ],
    [
      'the same sequence is taken again',
      'packet.sequence > last.sequence',
      'packet.sequence >= last.sequence',
    ],
    ['a lower boot is taken', 'packet.boot > last.boot;', 'packet.boot !== last.boot;'],
    [
      'what was stamped ahead keeps its collector out for as much longer',
      'Math.min(timestamp, now)),',
      'timestamp),',
    ],
    [
      'the latest timestamp is that of the last packet',
      'newest: Math.max(before?.newest ?? 0, timestamp),',
      'newest: timestamp,',
    ],
    ['forget leaves no floor', 'recent: [], floor });', 'recent: [] });'],
    [
      'forget does not look at the latest timestamp',
      'const floor = Math.max(now + 1, position.newest + 1);',
      'const floor = now + 1;',
    ],
    [
      'forget while a clock is ahead is forever',
      'position.floor - now <= this.#window.skewMs ||',
      'position.floor > 0 ||',
    ],
    ['that is brought back whatever was taken', '|| position.newest > now)', '|| position.newest < 0)'],
  ]),
  ...mutationsOf(`${GATEWAY}/replay/replay-store.ts`, [
    [
      'the bound covers a packet stamped at it',
      'return timestamp < this.#bound;',
      'return timestamp <= this.#bound;',
    ],
    [
      'a packet does not wait for the bound',
      'return timestamp < this.#bound;',
      'return timestamp < Infinity;',
    ],
    [
      'after a crash the floor is as before',
      'const begins = clean ? floor : Math.max(floor, bound);',
      'const begins = floor;',
    ],
    [
      'a start leaves the file of the last stop',
      'await store.#file.write(store.#content(store.#bound));',
      '',
    ],
    ['the bound goes back at a clean stop', 'bound: Math.max(begins, bound),', 'bound: begins,'],
    ['a new state takes what is older', 'const floor = now + 1;', 'const floor = 0;'],
    ['a copy counts as the file', 'if (!isOriginal(decoded, file))', 'if (false)'],
    ['a floor ahead is lowered whatever was taken', '|| this.#newest > now ||', '||'],
    ['a floor ahead stays', 'if (!this.#isAhead(now) ||', 'if (now > 0 ||'],
    ['a lowered floor leaves the bound', 'this.#bound = now + 1; // so', '// so'],
    [
      'the disk does not know what may be taken before the bound',
      'Math.max(this.#newest, bound - 1)',
      'this.#newest',
    ],
  ]),
  ...mutationsOf(`${GATEWAY}/embedded-pool.ts`, [
    [
      'a packet that waited for the bound is not looked at again',
      'return this.admit(packet, stores, ref);',
      '{ this.#replay.accept(packet); this.#buffer.store(packet.data, 0, ref); return { result: "accepted", missing: 0n }; }',
    ],
  ]),
  ...mutationsOf(`${COLLECTOR}/push/outbox.ts`, [
    [
      'bytes of unknown fate are sealed again',
      'return sealed.unknown ? this.#asItIs(sealed, result)',
      'return sealed.unknown ? this.#keepSlot(sealed, result)',
    ],
    ['bytes that are sealed again are as new', 'age: now - exposedAt };', 'age: 0 * exposedAt };'],
    [
      'bytes that are sealed again get another number',
      'sealed.packet.fill(0); // not freed',
      'this.#slot += 1n; // not freed',
    ],
    [
      'the rest of a packet that was sealed shorter is kept',
      'const rest = doubtful ? this.#letGo() : 0;',
      'const rest = doubtful ? 0 : 0;',
    ],
    [
      'a carrier without answers keeps its bytes',
      "this.#taken(sealed, 'sent', sealed.type",
      "this.#keepSlot(sealed, 'sent') ?? this.#taken(sealed, 'sent', sealed.type",
    ],
  ]),
  ...mutationsOf(`${COLLECTOR}/push/run-clock.ts`, [
    ['timestamps go back', 'this.#latest = Math.max(this.#latest, wall);', 'this.#latest = wall;'],
    ['a clock that goes far back does not end the run', 'if (back > CLOCK_SKEW_MS)', 'if (back > Infinity)'],
    ['a clock that leaps does not end the run', 'if (leap > LEAP_MS)', 'if (leap > Infinity)'],
  ]),
  ...mutationsOf(`${COLLECTOR}/push/runs.ts`, [
    [
      '409 at the first attempt does not end the run',
      "if (settlement.result !== 'replayed') return",
      "if (settlement.result !== 'full' || true) return",
    ],
    ['a new run keeps what was on hand', 'this.#outbox.clear() + this.around.clear();', '0;'],
  ]),
  ...mutationsOf(`${COLLECTOR}/state/boot.ts`, [
    [
      'boot does not rise',
      'BigInt(now) > last ? BigInt(now) : last + 1n',
      'BigInt(now) > 0n ? BigInt(now) : last + 1n',
    ],
    [
      'boot stays in the future',
      'const isLower = last + 1n > BigInt(now + skewMs);',
      'const isLower = last < 0n;',
    ],
  ]),
];

/** What keeps gateways that share a pool right. */
export const SHARED = [
  ...mutationsOf(`${GATEWAY}/redis/script-prelude.ts`, [
    ['redis: another server is not noticed', 'if fence ~= server or', 'if not fence or'],
    ['redis: no epochs', 'or knownEpoch > epoch or', 'or'],
    ['redis: a restored machine is not noticed', 'or isBehind then', 'then'],
    [
      'redis: a new epoch has the old floor',
      'floor = math.max(floor, now + 1, newest + 1)',
      'floor = math.max(floor, 1)',
    ],
    [
      'redis: a new epoch takes what gateways know to be taken',
      'floor = math.max(floor, now + 1, newest + 1)',
      'floor = math.max(floor, now + 1)',
    ],
    ['redis: a new epoch keeps the pool', "redis.call('DEL', BLOCKS)\nelseif", 'elseif'],
    ['redis: what comes from another epoch is not heard', 'elseif not isKnown and', 'elseif false and'],
    [
      'redis: a gateway may forget the epoch it uses',
      'if not isKnown or fresh == 1 then return',
      'if false then return',
    ],
    ['redis: a floor ahead stays', 'if floor - now > skew and newest <= now then', 'if false then'],
    [
      'redis: a floor ahead is lowered whatever was taken',
      'if floor - now > skew and newest <= now then',
      'if floor - now > skew then',
    ],
    [
      'redis: a block that was leased stays',
      "local block = redis.call('LPOP', BLOCKS, 2)",
      "local block = redis.call('LRANGE', BLOCKS, 0, 1) if #block == 0 then block = false end",
    ],
  ]),
  ...mutationsOf(`${GATEWAY}/redis/positions.ts`, [
    [
      'redis: a position is never forgotten',
      'if not position or now < forgottenAt(position)',
      'if true or now < forgottenAt(position)',
    ],
    [
      'redis: a position is forgotten a skew too soon',
      'position.floor - 1) + packetTtl + skew',
      'position.floor - 1) + packetTtl',
    ],
    [
      'redis: a position that is forgotten leaves no floor',
      'if endOf(position) > floor then',
      'if false then',
    ],
    [
      'redis: that floor lets the last packet in',
      'return math.max(position.newest + 1, position.floor)',
      'return math.max(position.newest, position.floor)',
    ],
    ['redis: the floor is not looked at', 'if packet.exposed < floor then', 'if false then'],
    [
      'redis: a position under other keys leaves no floor',
      'position.floor or endOf(position)) then return',
      'position.floor or 0) then return',
    ],
    [
      'redis: the same sequence is taken again',
      'packet.position > last then return',
      'packet.position >= last then return',
    ],
    [
      'redis: what was stamped ahead keeps its collector out for as much longer',
      'since = math.min(packet.stamped, now)',
      'since = packet.stamped',
    ],
    [
      'redis: the latest timestamp is that of the last packet',
      'kept.newest = math.max(kept.newest, position.newest)',
      '',
    ],
    [
      'redis: forget while a clock is ahead is forever',
      'if position and position.floor - now > skew and',
      'if false and',
    ],
    ['redis: the latest timestamp of all is not noted', 'newest = packet.stamped\n', '\n'],
  ]),
  ...mutationsOf(`${GATEWAY}/redis/position-scripts.ts`, [
    ['redis: forget does not look at the latest timestamp', 'math.max(now + 1, newest + 1)', 'now + 1'],
  ]),
  ...mutationsOf(`${GATEWAY}/redis/admit-script.ts`, [
    ['redis: no packet is too old', 'if now - packet.stamped > packetTtl then', 'if false then'],
    ['redis: no packet is too far in the future', 'if packet.stamped - now > skew then', 'if false then'],
    ['redis: a packet that is taken leaves no position', 'advance(collector, position, packet)\n', '\n'],
  ]),
  ...mutationsOf(`${GATEWAY}/redis/pool-memory.ts`, [
    ['redis: epochs are not written down', 'if (isNew) this.#write(', 'if (false) this.#write('],
  ]),
];

/** The part of the model that needs Redis. */
export const PART_OF_REDIS = 'by two gateways that share a pool';

/** Every mutation, with the part of the model that has to notice it. */
export const MUTATIONS = [
  ...EMBEDDED.map((mutation) => ({ ...mutation, part: 'by a gateway of its own' })),
  ...SHARED.map((mutation) => ({ ...mutation, part: PART_OF_REDIS })),
];
