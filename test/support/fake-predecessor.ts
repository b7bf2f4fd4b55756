/** Stands in for the release binary of the Rust predecessor, as `npm run bench -- --against` meets it: its settings, packets and answers. */
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import { crc32 } from 'node:zlib';

const {
  QRNG_LISTEN_ADDRESS = '',
  QRNG_HMAC_SECRET_KEY = '',
  QRNG_API_KEYS = '',
  QRNG_BUFFER_SIZE,
} = process.env;
const capacity = Number(QRNG_BUFFER_SIZE);
const [host = '', port] = QRNG_LISTEN_ADDRESS.split(':');
const FULL = 507;
let held = 0;

/** The values of a MessagePack array, of the kinds that a packet has. */
function values(packet: Buffer): (Buffer | number)[] {
  let at = 1;
  const take = (length: number): Buffer => packet.subarray(at, (at += length));
  const number = (length: number): number => take(length).readUIntBE(0, length);
  return Array.from({ length: (packet[0] ?? 0) - 0x90 }, () => {
    const kind = number(1);
    if (kind < 0x80) return kind;
    if (kind === 0xc6) return take(number(4));
    if (kind === 0xd9) return take(number(1));
    if (kind === 0xcf) return take(8);
    return number(4);
  });
}

function push(body: Buffer): number {
  const [version, id, sequence, data, time, signature, checksum] = values(body);
  if (version !== 1 || !Buffer.isBuffer(id) || id.length !== 16 || !Buffer.isBuffer(sequence)) return 400;
  if (!Buffer.isBuffer(data) || !Buffer.isBuffer(time) || crc32(data) !== checksum) return 400;
  const nanoseconds = Buffer.alloc(8);
  nanoseconds.writeBigUInt64BE(BigInt(Date.parse(time.toString())) * 1_000_000n);
  const signed = Buffer.concat([Buffer.of(1), sequence, data, nanoseconds]);
  const mac = createHmac('sha256', Buffer.from(QRNG_HMAC_SECRET_KEY, 'hex')).update(signed).digest();
  if (!Buffer.isBuffer(signature) || !mac.equals(signature)) return 401;
  if (held + data.length > capacity) return FULL;
  held += data.length;
  return 200;
}

createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://a');
  const body: Buffer[] = [];
  request.on('data', (chunk: Buffer) => body.push(chunk));
  request.on('end', () => {
    if (pathname === '/push') response.writeHead(push(Buffer.concat(body)), { 'content-length': 0 }).end();
    else if (request.headers.authorization !== `Bearer ${QRNG_API_KEYS}`) response.writeHead(401).end();
    else response.end('00'.repeat(Number(searchParams.get('bytes'))));
  });
}).listen(Number(port), host);
