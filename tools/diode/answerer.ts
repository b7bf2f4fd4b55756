/** Answers on one port, TCP and UDP, everybody: `node answerer.js PORT`. A probe that reaches it is seen to. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

const port = Number(process.argv[2]);

const tcp = createServer((socket) => {
  socket.on('error', () => socket.destroy());
  socket.end('here');
}).listen(port, '::');
const udp = createSocket('udp6', (_, { port: asking, address }) => udp.send('here', asking, address)).bind(
  port,
  '::',
);
await Promise.all([once(tcp, 'listening'), once(udp, 'listening')]);
process.stdout.write('answering\n');
process.stdin.on('close', () => process.exit()).resume();
