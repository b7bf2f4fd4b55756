import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { BOUNDS } from '../bounds.js';
import { Connection } from './connection.js';
import type { Hall } from './hall.js';
import { endsOf } from './kernel-queues.js';
import { Place, Room } from './room.js';
import { Turns } from './turns.js';

const LIVE = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

let hall: Hall;
let server: Server;
let client: Socket;
let connection: Connection;
/** The requests that were handed on and not answered. */
let open: ServerResponse[];

beforeEach(async () => {
  const now = (): number => 0;
  const size = { bytes: BOUNDS.strangersBytes, networkBytes: BOUNDS.networkBytes, patienceMs: 0 };
  hall = {
    strangers: new Room(size, now),
    known: new Room({ ...size, networkBytes: size.bytes }, now),
    turns: new Turns(BOUNDS.turnUnits),
    now,
    isStopping: () => false,
    lookSoon: () => undefined,
  };
  open = [];
  const handler = (_: IncomingMessage, response: ServerResponse): void => void open.push(response);
  server = createServer((request, response) => connection.receive(request, response, handler)).on(
    'connection',
    (socket: Socket) => {
      const place = new Place(hall.strangers, '127.0.0.1', () => void socket.destroy(), 0);
      const accepted = new Connection(hall, place, socket);
      accepted.open();
      socket.once('close', () => accepted.closed());
      connection = accepted;
    },
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection');
  client = connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => undefined);
  await accepted;
});
afterEach(() => {
  client.destroy();
  server.close();
  hall.turns.close();
});

function answering(bytes: number, hasRate = false): void {
  connection.answering(bytes, hasRate, () => undefined);
}

/** The kernel's tables, with as much for the connection. */
const queues = (bytes: number): Map<string, number> => new Map([[endsOf(connection.socket), bytes]]);

async function until(what: () => boolean): Promise<void> {
  for (let i = 0; i < 1000 && !what(); i++) await setTimeout(5);
  expect(what()).toBe(true);
}

describe('requests that are sent together', () => {
  test('are handed on one by one, and those that wait are charged', async () => {
    client.resume().write(LIVE.repeat(4));
    await until(() => open.length === 1 && connection.place.held === 3 * BOUNDS.waitingRequestBytes);
    for (let i = 1; i <= 4; i++) {
      await until(() => open.length === i);
      open[i - 1]?.end('x');
    }
    await until(() => connection.place.held === 0);
    expect(open).toHaveLength(4);
  });

  test('are too many when there are more than 64, and the connection is closed', async () => {
    client.resume().write(LIVE.repeat(BOUNDS.requestsAtATime + 1));
    await once(client, 'close');
    expect(open).toHaveLength(1);
    expect(hall.strangers.held).toBe(0);
  });

  test.each([
    ['of a stranger are read no further while one waits', false, 1],
    ['of somebody known are read no further while two wait', true, 2],
  ])('%s', async (_, isKnown, most) => {
    if (isKnown) connection.prove();
    for (let waiting = 1; waiting <= most; waiting++) {
      expect(connection.socket.isPaused()).toBe(false);
      client.write(waiting === 1 ? LIVE.repeat(2) : LIVE);
      await until(() => connection.place.held === waiting * BOUNDS.waitingRequestBytes);
    }
    client.write(Buffer.alloc(8 * 1024 * 1024)); // no request at all: an error once it is read
    await setTimeout(100);
    expect([connection.socket.isPaused(), connection.socket.destroyed]).toEqual([true, false]);
  });

  test('are read to their end: the last one can have a body of which little was there', async () => {
    const bytes = 1024 * 1024;
    client.resume().write(`${LIVE}POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${bytes}\r\n\r\n`);
    client.write(Buffer.alloc(bytes));
    await until(() => connection.place.held > 0);
    open[0]?.end('x');
    await until(() => open.length === 2);
    const request = open[1]?.req.resume();
    await until(() => request?.complete === true);
  });
});

describe('an answer', () => {
  test('to a request with a key is charged while it is under way, when it is large', async () => {
    connection.prove();
    client.resume().write(LIVE);
    await until(() => open.length === 1);
    answering(BOUNDS.smallAnswerBytes, true);
    expect(connection.place.held).toBe(0);
    answering(100_000, true);
    expect(connection.place.held).toBe(100_000);
    open[0]?.end();
    await until(() => connection.place.held === 0);
  });

  test('to a stranger is charged until the connection ends: others that follow say nothing of what was read', async () => {
    client.write(LIVE);
    await until(() => open.length === 1);
    answering(100_000);
    const charged = 100_000 - BOUNDS.smallAnswerBytes;
    expect(connection.place.held).toBe(charged);
    open[0]?.end(Buffer.alloc(100_000));
    await until(() => open[0]?.closed === true); // the kernel has all of it
    client.write(LIVE);
    await until(() => open.length === 2);
    answering(1000);
    expect(connection.place.held).toBe(charged + 1000);
    answering(BOUNDS.unreadBytes);
    expect(connection.place.held).toBe(BOUNDS.unreadBytes);
    connection.prove('a');
    expect([connection.place.held, hall.strangers.held]).toEqual([BOUNDS.unreadBytes, 0]);
  });

  test('is charged as the kernel holds it once that was looked at, also one to a request with a key', async () => {
    client.write(LIVE);
    await until(() => open.length === 1);
    answering(1_000_000);
    expect(connection.beginLook()).toBe(true);
    answering(200_000, true); // meanwhile: charged while it is under way
    expect(connection.endLook(queues(300_000))).toBe(true);
    expect(connection.place.held).toBe(300_000 - BOUNDS.smallAnswerBytes + 200_000);
    open[0]?.end();
    await until(() => connection.place.held < 300_000);
    expect([connection.beginLook(), connection.endLook(queues(0))]).toEqual([true, false]);
    expect(connection.place.held).toBe(0);
    expect([connection.beginLook(), connection.endLook(queues(500_000))]).toEqual([false, true]);
    expect(connection.place.held).toBe(500_000 - BOUNDS.smallAnswerBytes);
    expect(connection.endLook(new Map())).toBe(true); // not in the tables: as before
  });

  test('is looked at as long as it is under way, and once more when it has ended: its client may have stopped reading', async () => {
    client.write(LIVE);
    await until(() => open.length === 1);
    answering(1_000_000);
    expect([connection.beginLook(), connection.endLook(queues(0))]).toEqual([true, false]); // all was read so far
    expect([connection.beginLook(), connection.endLook(queues(0))]).toEqual([true, false]);
    open[0]?.end();
    await until(() => open[0]?.closed === true);
    expect([connection.beginLook(), connection.endLook(queues(900_000))]).toEqual([true, true]);
    expect(connection.place.held).toBe(900_000 - BOUNDS.smallAnswerBytes);
  });

  test('to a stranger is charged also as far as it still waits in this process', async () => {
    client.write(LIVE);
    await until(() => open.length === 1);
    answering(32_000_000);
    open[0]?.write(Buffer.alloc(32_000_000));
    connection.beginLook();
    connection.endLook(queues(100_000));
    expect(connection.place.held).toBe(BOUNDS.unreadBytes);
  });

  test('that is read is not slow, whenever it will end', async () => {
    let time = 0;
    Object.assign(hall, { now: () => time });
    client.write(LIVE);
    await until(() => open.length === 1);
    answering(1_000_000);
    open[0]?.write(Buffer.alloc(100_000));
    await until(() => client.readableLength > 0 || client.bytesRead > 0);
    const lookAt = (now: number, bytes: number): number => {
      time = now;
      connection.endLook(queues(bytes));
      return connection.place.since;
    };
    const sinces = [lookAt(100, 50_000), lookAt(200, 50_000), lookAt(300, 49_000), lookAt(400, 40_000)];
    expect(sinces).toEqual([100, 100, 100, 400]);
  });

  test('to a stranger waits while its network has no room for it', async () => {
    Object.assign(hall, {
      strangers: new Room({ bytes: 10e6, networkBytes: 1e6, patienceMs: 1000 }, () => 0),
    });
    connection.place.leave();
    const end = (): void => connection.socket.destroy() as unknown as undefined;
    const place = new Place(hall.strangers, '127.0.0.1', end, 0);
    const crowded = new Connection(hall, place, connection.socket);
    new Place(hall.strangers, '127.0.0.1', end, 0).grow(900_000);
    let sent = false;
    crowded.answering(500_000, false, () => (sent = true));
    await setTimeout(50);
    expect([sent, connection.socket.destroyed]).toEqual([false, false]);
    crowded.closed();
  });

  test.each([
    ['large', 100_000, 'ECONNRESET'],
    ['small', 100, undefined],
  ])(
    'that is %s is closed with the connection, by a reset if the kernel can hold much of it',
    async (_, bytes, code) => {
      const ended = new Promise((done) => client.once('error', done).once('end', () => done({})));
      client.write(LIVE);
      await until(() => open.length === 1);
      answering(bytes);
      open[0]?.end('x');
      await until(() => open[0]?.closed === true);
      connection.socket.destroy();
      client.resume();
      expect(await ended).toEqual(code === undefined ? {} : expect.objectContaining({ code }));
    },
  );

  test('that is the last one can be read for a while, and is charged meanwhile', async () => {
    let time = 1000;
    Object.assign(hall, { now: () => time });
    const isOver = (): boolean => connection.isStuck(time);
    client.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    await until(() => open.length === 1);
    answering(100_000);
    open[0]?.end(Buffer.alloc(100_000));
    await until(() => connection.socket.writableFinished);
    expect([connection.socket.destroyed, isOver()]).toEqual([false, false]);
    expect(connection.place.held).toBeGreaterThan(0);
    time += BOUNDS.unreadMs;
    expect(isOver()).toBe(true);
    let read = 0;
    client.on('data', (chunk: Buffer) => (read += chunk.length));
    await until(() => connection.socket.destroyed); // once the client has read all, and gone
    expect(read).toBeGreaterThan(100_000);
    expect(hall.strangers.held).toBe(0);
  });

  test('of which nothing is read for 30 s is stuck; one that is read slowly is not', async () => {
    client.write(LIVE);
    await until(() => open.length === 1);
    open[0]?.end(Buffer.alloc(32 * 1024 * 1024));
    await setTimeout(100); // the kernel has taken what it takes
    expect(connection.isStuck(1000)).toBe(false);
    expect(connection.isStuck(1000 + BOUNDS.unreadMs - 1)).toBe(false);
    expect(connection.isStuck(1000 + BOUNDS.unreadMs)).toBe(true);
    let read = 0;
    client.on('data', (chunk: Buffer) => {
      read += chunk.length;
      if (read > 8 * 1024 * 1024) client.pause();
    });
    await until(() => client.isPaused());
    await setTimeout(100);
    expect(connection.isStuck(1000 + BOUNDS.unreadMs)).toBe(false);
    expect(connection.isStuck(1000 + 2 * BOUNDS.unreadMs)).toBe(true);
  });
});

test('a client that shows a key moves to the room of those who have, and back when it is not valid any more', () => {
  connection.place.grow(1000);
  connection.prove();
  expect([hall.strangers.held, hall.known.held, connection.isKnown]).toEqual([0, 1000, true]);
  connection.doubt();
  expect([hall.strangers.held, hall.known.held, connection.isKnown]).toEqual([1000, 0, false]);
});

test('a stranger whose turn has no time left waits for its next request, somebody known does not', async () => {
  const later = (): boolean => true;
  hall.turns.take({ source: '192.0.2.1', units: BOUNDS.turnUnits, isReady: later, go: () => undefined });
  client.resume().write(LIVE);
  await until(() => open.length === 1);
  open[0]?.end();
  client.write(LIVE);
  await until(() => open.length === 2); // in a later turn
  connection.prove();
  open[1]?.end();
  client.write(LIVE);
  await until(() => open.length === 3);
});

test.each([
  [2 * BOUNDS.unitBytes, BOUNDS.requestUnits + 2],
  [64 * BOUNDS.unitBytes, BOUNDS.turnUnits],
])(
  'after a large answer a stranger waits for as many units as it has cost: %s bytes, %s units',
  async (bytes, units) => {
    const taken: number[] = [];
    const take = hall.turns.take.bind(hall.turns);
    hall.turns.take = (waiter) => {
      taken.push(waiter.units);
      return take(waiter);
    };
    client.resume().write(LIVE);
    await until(() => open.length === 1);
    answering(bytes);
    open[0]?.end();
    await until(() => taken.length === 1);
    expect(taken).toEqual([units]);
    client.write(LIVE);
    await until(() => open.length === 2);
  },
);
