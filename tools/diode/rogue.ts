/**
 * A gateway in an attacker's hands: `node rogue.js HOST PORT CERT KEY MARK`. It has the gateway's certificate, and answers each push with
 * something else that carries MARK, in every place where bytes of his choice can stand. Prints a line for each answer.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { TLSSocket } from 'node:tls';

const [, , host = '', port = '', cert = '', key = '', mark = ''] = process.argv;
const credentials = { cert: readFileSync(cert), key: readFileSync(key) };
const EMPTY = 'Content-Length: 0\r\n';
const STATUSES = [
  200, 201, 204, 206, 301, 304, 307, 400, 401, 403, 404, 409, 411, 413, 415, 418, 422, 429, 499, 500, 502,
  503, 504, 507, 511, 599, 999,
];

/** Heads and bodies; those without an end are cut by the collector. */
const ANSWERS: readonly string[] = [
  ...STATUSES.map((status) => `HTTP/1.1 ${status} ${mark}\r\n${EMPTY}Retry-After: 0\r\n\r\n`),
  ...[
    'Server',
    'Location',
    'Set-Cookie',
    'WWW-Authenticate',
    'Retry-After',
    'Date',
    'Connection',
    'Keep-Alive',
    'Trailer',
    'Upgrade',
    mark,
  ].map((name) => `HTTP/1.1 503 x\r\n${EMPTY}${name}: ${mark}\r\n\r\n`),
  `HTTP/1.1 503 \u001b[31m${mark}\u0007","event":"${mark}"\r\n${EMPTY}\r\n`,
  `HTTP/1.1 200 OK\r\nContent-Length: ${mark.length}\r\n\r\n${mark}`,
  `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${mark.length.toString(16)}\r\n${mark}\r\n0\r\n\r\n`,
  `HTTP/1.1 100 ${mark}\r\n\r\nHTTP/1.1 204 ${mark}\r\n\r\n`,
  `HTTP/1.1 103 x\r\nLink: <${mark}>\r\n\r\n`,
  `HTTP/1.1 101 Switching\r\nUpgrade: ${mark}\r\n\r\n${mark}`,
  `HTTP/1.0 204 ${mark}\r\n\r\n`,
  `HTTP/2.0 204 ${mark}\r\n\r\n`,
  `${mark}\r\n\r\n`,
  `HTTP/1.1 204 x\r\n${EMPTY}\r\n${mark}`,
  `HTTP/1.1 204 x\r\n${`X: ${mark}\r\n`.repeat(400)}`,
  `HTTP/1.1 204 x\r\nX:\u0000${mark}\r\n\r\n`,
  mark,
];

let turn = 0;
createServer((socket) => {
  socket.on('error', () => socket.destroy());
  // Now and then there is no TLS at all.
  if (turn % 17 === 16) {
    said('without TLS');
    socket.end(`${mark}\r\n${mark}`);
    return;
  }
  const secure = new TLSSocket(socket, {
    ...credentials,
    isServer: true,
    minVersion: 'TLSv1.3',
    ALPNProtocols: ['http/1.1'],
  });
  secure.on('error', () => socket.destroy());
  secure.on('data', (chunk: Buffer) => {
    if (!chunk.includes('POST ')) return; // the rest of a packet
    const answer = ANSWERS[turn % ANSWERS.length] ?? '';
    said(answer.slice(0, 12));
    secure.write(answer, 'latin1');
    if (!answer.endsWith('\r\n\r\n')) secure.end();
  });
}).listen(Number(port), host, () => process.stdout.write('listening\n'));
process.stdin.on('close', () => process.exit()).resume();

function said(what: string): void {
  turn += 1;
  process.stdout.write(`${turn} of ${ANSWERS.length} ${JSON.stringify(what)}\n`);
}
