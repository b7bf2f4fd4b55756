/** What every server written for comparison has in common: its arguments, its port, and a pool filled on request. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { ByteRing } from '#libs/entropy';

const { values } = parseArgs({
  options: {
    port: { type: 'string' },
    cert: { type: 'string' },
    key: { type: 'string' },
    'keys-file': { type: 'string' },
    'pool-bytes': { type: 'string' },
    constant: { type: 'string' },
    lockstep: { type: 'boolean', default: false },
  },
});

export const port = Number(values.port);

/** One API key a line. */
export const apiKeys = readFileSync(values['keys-file'] ?? '', 'utf8')
  .trim()
  .split('\n');

/** Node's TLS options as the gateway sets them; nothing when it shall speak plain HTTP. */
export const tls =
  values.cert === undefined || values.key === undefined
    ? undefined
    : { minVersion: 'TLSv1.3' as const, cert: readFileSync(values.cert), key: readFileSync(values.key) };

/** `BYTES,ENCODING`: answer with a constant of this size instead of serving from the pool. */
export const constant = values.constant?.split(',');

/** Whether requests of one turn of the event loop go on together, as in the gateway. */
export const inLockstep = values.lockstep;

export const ring = new ByteRing(Number(values['pool-bytes']));

/** Fills the pool to the brim. */
export function fill(): void {
  while (ring.free > 0) ring.push(randomBytes(Math.min(ring.free, 1024 * 1024)));
}

/** What a bare server, which may empty any pool within a second, gets once more: a copy, at the cost of its own time. */
const more = randomBytes(Math.min(ring.capacity, 32 * 1024 * 1024));

/** `count` bytes out of the pool in this encoding; a text's bytes are wiped, as the gateway does. */
export function takeEncoded(count: number, encoding: string): string | Buffer {
  if (ring.length < count) ring.push(more.subarray(0, ring.free));
  const bytes = ring.take(count);
  if (encoding === 'binary') return bytes;
  const text = bytes.toString('hex');
  bytes.fill(0);
  return text;
}
