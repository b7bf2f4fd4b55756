/** Clients that ask for much and read it late: answers that wait in the gateway leave it as they are. */
import { randomBytes } from 'node:crypto';
import { connect as connectTcp } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { afterEach, expect, test } from '@jest/globals';
import { startGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';

const ANSWERS = 96;
const BYTES = 65_536;

let gateway: TestGateway;
afterEach(() => gateway.close());

/** The bodies of as many answers as there are requests, sent at once and read only after a while. */
async function readLate(requests: number, encoding: string): Promise<string> {
  const { protocol, hostname, port } = new URL(gateway.url);
  const address = { host: hostname, port: Number(port) };
  const socket =
    protocol === 'https:' ? connectTls({ ...address, rejectUnauthorized: false }) : connectTcp(address);
  const head = [
    `GET /api/random?bytes=${BYTES}&encoding=${encoding} HTTP/1.1\r\n`,
    `Host: a\r\nAuthorization: Bearer ${gateway.apiKey}\r\n`,
  ].join('');
  socket.write(`${head}\r\n`.repeat(requests - 1) + `${head}Connection: close\r\n\r\n`);
  await setTimeout(500);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  const answers = Buffer.concat(chunks).toString('latin1');
  return answers.replaceAll(/HTTP\/1\.1 200 OK\r\n[^]*?\r\n\r\n/g, '');
}

test.each([
  ['off', 'binary'],
  ['off', 'hex'],
  ['on', 'binary'],
])('TLS %s, %s: every byte is what came in, in order', async (tls, encoding) => {
  gateway = await startGateway({ QRNG_TLS: tls });
  const sent = randomBytes(ANSWERS * BYTES);
  for (let at = 0; at < sent.length; at += BYTES * 8) {
    await gateway.push(gateway.collector.seal(sent.subarray(at, at + BYTES * 8)));
  }
  const bodies = await readLate(ANSWERS, encoding);
  expect(bodies === sent.toString(encoding === 'hex' ? 'hex' : 'latin1')).toBe(true);
});
