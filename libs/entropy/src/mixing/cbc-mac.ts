/**
 * Conditioning by AES-256-CBC-MAC, a vetted function of SP 800-90B 3.1.5.1: several blocks of each source for one of output.
 *
 *   source 1   [ part 1 ][ part 2 ]   source 2   [ part 1 ][ part 2 ]      each part as long as the output
 *                  |         |                       |         |
 *   state 0 ------ xor, AES, xor, AES ---------------xor, AES, xor, AES -> output
 *
 * Each 16 bytes of the output are the CBC-MAC of the 16 bytes at the same place of every part: many messages at a time, and
 * one ECB call for a block of all of them.
 *
 * Entropy: a block of output takes 16 H bits of min-entropy for each part of a source that has H bits a byte. With
 * `conditioningRatio` parts each single source alone brings at least 128 + 64 bits, which is what SP 800-90C asks for
 * before it calls 128 bits full entropy (h_in >= n_out + 64). So the output is full if one source is what it claims, and
 * the sources are independent of each other. The key is public and fixed, as 3.1.5.1.2 allows.
 */
import { createCipheriv, createHash } from 'node:crypto';
import type { Cipheriv } from 'node:crypto';
import { xorInto } from './xor-into.js';

const AES_BLOCK = 16;
/** Bits that a block of output needs of a source: 128, and 64 beyond. */
const NEEDED_BITS = 192;
/** Two at least, so that the function is one of more bits to fewer also where a source is perfect. */
const LEAST_PARTS = 2;

/** The key of each conditioning. */
export const CONDITIONING_KEY = createHash('sha256').update('qrng-dd conditioning 1').digest();

const ours = ecb(CONDITIONING_KEY);

/** Parts that a source with `minEntropy` bits a byte gives for one of output. */
export function conditioningRatio(minEntropy: number): number {
  return Math.max(LEAST_PARTS, Math.ceil(NEEDED_BITS / (AES_BLOCK * minEntropy)));
}

/**
 * Conditions `inputs`, equally long, into a new buffer of a `ratio`-th of their length, which is a multiple of 16 bytes.
 *
 * @param cipher of the key, `ecb(key)`.
 */
export function cbcMac(inputs: readonly Uint8Array[], ratio: number, cipher = ours): Buffer {
  const length = (inputs[0]?.length ?? 0) / ratio;
  let state = Buffer.alloc(length);
  for (const input of inputs) {
    for (let at = 0; at < input.length; at += length) {
      xorInto(state, input.subarray(at, at + length));
      const next = cipher.update(state);
      state.fill(0);
      state = next;
    }
  }
  return state;
}

/** AES-256 of single blocks under `key`, which has no state from call to call. */
export function ecb(key: Buffer): Cipheriv {
  return createCipheriv('aes-256-ecb', key, null).setAutoPadding(false);
}

/** CBC-AES256 of NIST SP 800-38A, F.2.5, with the initialization vector added to the first block; and an answer of our key. */
const KNOWN = [
  {
    key: '603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4',
    message:
      '6bc0bce12a459991e134741a7f9e1925ae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710',
    mac: 'b2eb05e2c39be9fcda6c19078c6a9d1b',
  },
  {
    key: CONDITIONING_KEY.toString('hex'),
    message: '00'.repeat(32),
    mac: '138729907e427e40694cca3240b9fcd7',
  },
];

/**
 * Conditions messages whose answers are known.
 *
 * @throws {Error} when an answer is another one: nothing that comes out could be trusted.
 */
export function checkKnownAnswers(): void {
  for (const { key, message, mac } of KNOWN) {
    const block = Buffer.from(message, 'hex');
    // The same message twice, side by side, as parts of the length of the output.
    const ratio = block.length / AES_BLOCK;
    const parts = Array.from({ length: ratio }, (_, i) => block.subarray(i * AES_BLOCK, (i + 1) * AES_BLOCK));
    const twice = Buffer.concat(parts.flatMap((part) => [part, part]));
    const expected = Buffer.from(mac + mac, 'hex');
    if (!cbcMac([twice], ratio, ecb(Buffer.from(key, 'hex'))).equals(expected)) {
      throw new Error('AES-256-CBC-MAC gave a wrong answer to a known message; nothing can be conditioned');
    }
  }
}
