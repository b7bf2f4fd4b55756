/** What strangers without a key do to a gateway, each bounded: a number of connections, which come again when they are closed. */
import { randomBytes } from 'node:crypto';
import { connect as connectTcp } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

export interface Target {
  readonly host: string;
  readonly port: number;
}

export interface Attack {
  /** Connections at a time, and new ones in a second. */
  readonly connections: number;
  readonly perSecond: number;
  /** Whether they end at the handshake, or never begin one. */
  readonly without?: 'tls' | 'request';
  /** What is sent at once when a connection is there, and how often something more. */
  readonly begin: () => string | Buffer;
  readonly drip?: string | Buffer;
  /** Sent for each answer that was read; without it nothing is read at all when `reads` is false. */
  readonly next?: () => string;
  readonly reads?: boolean;
}

const DRIP_EVERY_MS = 1000;
const COME_EVERY_MS = 20;
const HEAD = 'HTTP/1.1\r\nHost: siege\r\n';
const LIVE = `GET /health/live ${HEAD}\r\n`;
const BUNDLE = `GET /docs/swagger-ui-bundle.js ${HEAD}\r\n`;
const LAST_BUNDLE = BUNDLE.replace('\r\n', '\r\nConnection: close\r\n');
const PUSH = `POST /push ${HEAD}Content-Type: application/octet-stream\r\nContent-Length: 1048576\r\n\r\n`;

const badKey = (): string =>
  `GET /api/random ${HEAD}Authorization: Bearer ${randomBytes(32).toString('hex')}\r\n\r\n`;

/** Each attack by its name, as it stands in the table. */
export const ATTACKS: Readonly<Record<string, Attack>> = {
  'slow headers': { connections: 1000, perSecond: 300, begin: () => `GET / ${HEAD}x: `, drip: 'x' },
  'slow bodies': { connections: 1000, perSecond: 300, begin: () => PUSH, drip: Buffer.alloc(4096) },
  'slow readers': { connections: 1000, perSecond: 300, begin: () => BUNDLE.repeat(20), reads: false },
  'unread last answers': { connections: 1000, perSecond: 300, begin: () => LAST_BUNDLE, reads: false },
  pipelining: { connections: 64, perSecond: 300, begin: () => LIVE.repeat(32), next: () => LIVE },
  'connection flood': { connections: 2000, perSecond: 1000, without: 'tls', begin: () => '' },
  'handshake flood': { connections: 100, perSecond: 1000, without: 'request', begin: () => '' },
  'bad keys': { connections: 100, perSecond: 300, begin: badKey, next: badKey },
};

/** `count` addresses, each of a network (/24) of its own; all of 127.0.0.0/8 is this machine. */
export function sources(count: number): string[] {
  return Array.from(
    { length: count },
    (_, index) => `127.${1 + Math.floor(index / 200)}.${1 + (index % 200)}.1`,
  );
}

/** Keeps an attack going from these addresses, with a part of its connections perhaps; the function that it returns ends it. */
export function attack(target: Target, kind: Attack, from: readonly string[], part = 1): () => void {
  const most = Math.ceil(kind.connections * part);
  const open = new Set<Socket>();
  let count = 0;
  const come = (): void => {
    const socket = visit(target, kind, from[count++ % from.length] ?? '127.0.0.1');
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  };
  const timer = setInterval(() => {
    const now = Math.min(most - open.size, Math.ceil((kind.perSecond * COME_EVERY_MS) / 1000));
    for (let i = 0; i < now; i++) come();
  }, COME_EVERY_MS);
  return () => {
    clearInterval(timer);
    for (const socket of open) socket.destroy();
  };
}

function visit({ host, port }: Target, kind: Attack, localAddress: string): Socket {
  const tcp = connectTcp({ host, port, localAddress });
  tcp.on('error', () => undefined); // being sent away is what an attacker expects
  if (kind.without === 'tls') {
    tcp.resume();
    return tcp;
  }
  const socket = connectTls({ socket: tcp, rejectUnauthorized: false });
  socket.on('error', () => undefined).once('close', () => tcp.destroy());
  tcp.once('close', () => socket.destroy());
  socket.once('secureConnect', () => behave(socket, kind));
  return tcp;
}

function behave(socket: Socket, kind: Attack): void {
  if (kind.without === 'request') {
    socket.destroy();
    return;
  }
  socket.write(kind.begin());
  if (kind.reads === false) socket.pause();
  else socket.setEncoding('latin1').on('data', (text: string) => sendNext(socket, kind, text));
  const { drip } = kind;
  if (drip === undefined) return;
  const timer = setInterval(() => socket.write(drip), DRIP_EVERY_MS);
  socket.once('close', () => clearInterval(timer));
}

function sendNext(socket: Socket, { next }: Attack, text: string): void {
  if (next === undefined) return;
  const answers = text.split('HTTP/1.1 ').length - 1;
  for (let answer = 0; answer < answers; answer++) socket.write(next());
}
