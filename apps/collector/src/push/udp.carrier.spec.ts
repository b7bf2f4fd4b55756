import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { UdpCarrier } from './udp.carrier.js';

let gateway: Socket;
let carrier: UdpCarrier;
beforeEach(async () => {
  gateway = createSocket('udp4');
  gateway.bind(0, '127.0.0.1');
  await once(gateway, 'listening');
});
afterEach(() => {
  carrier.abort();
  gateway.close();
});

function carrierTo(host: string, mtu = 1500): UdpCarrier {
  return new UdpCarrier({ host, port: gateway.address().port, mtu, bytesPerSecond: 1_000_000 });
}

test('a packet is one datagram, byte for byte, and gone', async () => {
  carrier = carrierTo('127.0.0.1');
  await carrier.open();
  const packet = randomBytes(1472);
  const arrived = once(gateway, 'message');
  expect(await carrier.send(packet)).toEqual({ kind: 'gone' });
  expect((await arrived)[0]).toEqual(packet);
});

test.each([
  ['127.0.0.1', 1500, 1376],
  ['127.0.0.1', 9000, 8876],
  ['::1', 1500, 1356],
])(
  'at %s with an MTU of %i a packet has %i bytes of data, so that IP never fragments it',
  async (host, mtu, bytes) => {
    carrier = carrierTo(host, mtu);
    await carrier.open();
    expect(carrier.maxData).toBe(bytes);
  },
);

test('where nobody listens a packet is gone or not sent, and the next one goes its way all the same', async () => {
  carrier = carrierTo('127.0.0.1');
  const { port } = gateway.address();
  await carrier.open();
  gateway.close();
  await once(gateway, 'close');
  for (let i = 0; i < 3; i++) {
    expect(['gone', 'unsent']).toContain((await carrier.send(randomBytes(100))).kind);
  }
  gateway = createSocket('udp4');
  gateway.bind(port, '127.0.0.1');
  await once(gateway, 'listening');
  const arrived = once(gateway, 'message');
  while ((await carrier.send(randomBytes(100))).kind !== 'gone');
  await arrived;
});

test('a host without an address is a setting that must change', async () => {
  carrier = carrierTo('nowhere.invalid');
  await expect(carrier.open()).rejects.toThrow('QRNG_PUSH_URL must name a host with an address');
});

test('an address that nothing can be sent to is a setting that must change', async () => {
  carrier = carrierTo('255.255.255.255');
  await expect(carrier.open()).rejects.toThrow(
    'QRNG_PUSH_URL must name an address that this machine can send to (EACCES)',
  );
  expect(await carrier.send(randomBytes(100))).toEqual({ kind: 'unsent', reason: 'closed' });
});

test('the end of the run ends a packet that waits for its turn', async () => {
  carrier = carrierTo('127.0.0.1', 9000);
  await carrier.open();
  const arrived = once(gateway, 'message');
  const sending = Array.from({ length: 500 }, () => carrier.send(randomBytes(8972))); // four seconds' worth
  await arrived;
  carrier.abort();
  expect((await Promise.all(sending)).at(-1)).toEqual({ kind: 'unsent', reason: 'closed' });
});
