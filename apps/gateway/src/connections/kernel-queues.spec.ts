import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { endsOf, kernelQueues } from './kernel-queues.js';

test.each([
  ['127.0.0.1', '127.0.0.1'],
  ['::1', '::1'],
  ['::', '127.0.0.1'], // an IPv4 client of an IPv6 socket
])('what a client of %s at %s does not read is in the tables, until it has read it', async (listen, host) => {
  const server = createServer().listen(0, listen);
  await once(server, 'listening');
  const accepting = once(server, 'connection') as Promise<[Socket]>;
  const client = connect((server.address() as AddressInfo).port, host).pause();
  const [accepted] = await accepting;
  const unread = async (): Promise<number> => (await kernelQueues())?.get(endsOf(accepted)) ?? NaN;
  expect(await unread()).toBe(0);
  accepted.write(Buffer.alloc(32 * 1024 * 1024));
  while (!((await unread()) > 100_000)) await setTimeout(5);
  client.resume();
  while ((await unread()) > 0) await setTimeout(5);
  client.destroy();
  accepted.destroy();
  server.close();
});

test('there are none where the tables are missing or cannot be read', async () => {
  expect(await kernelQueues(['/nowhere/tcp', '/nowhere/tcp6'])).toBeUndefined();
  expect(await kernelQueues(['/proc'])).toBeUndefined(); // an error of any other kind
});
