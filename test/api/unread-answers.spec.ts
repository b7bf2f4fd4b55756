/** Clients that ask for much and read it late: answers that wait in the gateway leave it as they are. */
import { randomBytes } from 'node:crypto';
import { connect as connectTcp } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { afterEach, expect, test } from '@jest/globals';
import { startGateway } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';

const ANSWERS = 64; // the most that may be under way on one connection
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

test('a connection that asks for more before it reads is closed, and others are served', async () => {
  gateway = await startGateway();
  await gateway.fill(1000);
  const ask = async (requests: number): Promise<string> => {
    const { hostname, port } = new URL(gateway.url);
    const socket = connectTls({ host: hostname, port: Number(port), rejectUnauthorized: false });
    const head = 'GET /health/live HTTP/1.1\r\nHost: a\r\n';
    socket.write(`${head}\r\n`.repeat(requests - 1) + `${head}Connection: close\r\n\r\n`);
    let said = '';
    socket.on('data', (chunk: Buffer) => (said += chunk.toString())).on('error', () => undefined);
    await new Promise((closed) => socket.once('close', closed));
    return said;
  };
  expect((await ask(64)).match(/HTTP\/1\.1 200 OK/g)).toHaveLength(64);
  const tooMany = await ask(1000);
  expect((tooMany.match(/HTTP\/1\.1 200 OK/g) ?? []).length).toBeLessThan(200);
  expect((await gateway.get('/health/live')).status).toBe(200);
});
