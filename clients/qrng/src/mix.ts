/**
 * Mixes the gateway's bytes with this machine's generator, block by block:
 *
 *   32 bytes of getrandom || 32 bytes of the gateway -> HKDF-SHA256 (RFC 5869), info = purpose -> 32 bytes
 *
 * Anyone who knows only one of the two inputs of a block learns nothing about its output: the result is at least as good as
 * the better of both. Each block has inputs of its own, so nothing is stretched.
 */
import { hkdfSync, randomBytes } from 'node:crypto';

/** Bytes of each input and of the output of one block: as many as SHA-256 gives. */
export const BLOCK_BYTES = 32;
const NO_SALT = new Uint8Array();

/** `count` rounded up to whole blocks: what has to be asked of the gateway for it. */
export function wholeBlocks(count: number): number {
  return Math.ceil(count / BLOCK_BYTES) * BLOCK_BYTES;
}

/**
 * As many mixed bytes as `gateway` has, which must be whole blocks; they are wiped.
 *
 * @param purpose what they are for: HKDF's info, which keeps uses apart.
 */
export function mixed(
  gateway: Buffer,
  purpose: string,
  local: (count: number) => Buffer = randomBytes,
): Buffer {
  if (gateway.length % BLOCK_BYTES !== 0) throw new RangeError('only whole blocks are mixed');
  const info = `qrng-dd client mix 1 ${purpose}`;
  const output = Buffer.allocUnsafeSlow(gateway.length);
  const key = Buffer.allocUnsafeSlow(2 * BLOCK_BYTES);
  for (let at = 0; at < gateway.length; at += BLOCK_BYTES) {
    key.set(local(BLOCK_BYTES));
    key.set(gateway.subarray(at, at + BLOCK_BYTES), BLOCK_BYTES);
    output.set(new Uint8Array(hkdfSync('sha256', key, NO_SALT, info, BLOCK_BYTES)), at);
  }
  key.fill(0);
  gateway.fill(0);
  return output;
}
