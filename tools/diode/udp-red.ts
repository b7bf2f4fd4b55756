/**
 * The half of the diode that the collector sends to: `node udp-red.js PIPE HOST...`. Writes each datagram into the pipe, its length
 * (2 bytes, big-endian) first. On SIGUSR2 it sends back to the last sender, as the fibre of somebody hostile would.
 */
import { createSocket } from 'node:dgram';
import type { RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { isIPv6 } from 'node:net';
import { RECEIVER_PORT } from './udp-network.js';

const FORGED = 20;

const [, , path = '', ...hosts] = process.argv;
const pipe = createWriteStream(path);
for (const host of hosts) {
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4').bind(RECEIVER_PORT, host);
  let last: RemoteInfo | undefined;
  socket.on('message', (datagram, sender) => {
    last = sender;
    const length = Buffer.alloc(2);
    length.writeUInt16BE(datagram.length);
    pipe.write(Buffer.concat([length, datagram]));
  });
  process.on('SIGUSR2', () => {
    if (last === undefined) return;
    const { port, address } = last;
    for (let left = FORGED; left > 0; left -= 1) socket.send('forged', port, address, () => undefined);
  });
  await once(socket, 'listening');
}
process.stdout.write('listening\n');
process.stdin.on('close', () => process.exit()).resume();
