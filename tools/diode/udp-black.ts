/**
 * The half of the diode that sends to the gateway: `node udp-black.js PIPE RECORD FROM TO`. Takes datagrams out of the pipe, sends
 * 2 % of them twice and 2 % after up to five later ones, and records each that it sends, its length (2 bytes) first.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { appendFileSync, createReadStream } from 'node:fs';
import { isIPv6 } from 'node:net';
import { RECEIVER_PORT } from './udp-network.js';

const [, , path = '', record = '', from = '', to = ''] = process.argv;
const COPIED = 0.02;
const LATE = 0.02;
const MOST_LATER = 5;
/** When nothing follows, what was held back goes at last. */
const LATEST_MS = 10;

interface HeldBack {
  readonly datagram: Buffer;
  later: number;
}

const socket = createSocket(isIPv6(to) ? 'udp6' : 'udp4').bind(0, from);
await once(socket, 'listening');
let heldBack: HeldBack[] = [];
let timer: NodeJS.Timeout | undefined;

function send(datagram: Buffer): void {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(datagram.length);
  appendFileSync(record, Buffer.concat([length, datagram]));
  socket.send(datagram, RECEIVER_PORT, to);
}

function release(isDue: (one: HeldBack) => boolean): void {
  const due = heldBack.filter(isDue);
  heldBack = heldBack.filter((one) => !due.includes(one));
  for (const { datagram } of due) send(datagram);
}

function pass(datagram: Buffer): void {
  for (const one of heldBack) one.later -= 1;
  if (Math.random() < LATE) {
    heldBack.push({ datagram, later: 1 + Math.floor(Math.random() * MOST_LATER) });
  } else {
    send(datagram);
    if (Math.random() < COPIED) send(datagram);
  }
  release(({ later }) => later <= 0);
  clearTimeout(timer);
  timer = setTimeout(() => release(() => true), LATEST_MS);
}

let rest = Buffer.alloc(0);
createReadStream(path).on('data', (chunk) => {
  rest = Buffer.concat([rest, Buffer.from(chunk)]);
  while (rest.length >= 2 && rest.length >= 2 + rest.readUInt16BE()) {
    const end = 2 + rest.readUInt16BE();
    pass(Buffer.from(rest.subarray(2, end)));
    rest = rest.subarray(end);
  }
});
process.stdout.write('ready\n');
process.stdin.on('close', () => process.exit()).resume();
