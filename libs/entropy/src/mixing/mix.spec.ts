import { createCipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { checkKnownAnswers, CONDITIONING_KEY, conditioningRatio } from './cbc-mac.js';
import { MIX_SALT } from './hkdf-mix.js';
import { mix } from './mix.js';

function header(sources: number, length: number, index: number): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt32BE(sources, 0);
  bytes.writeUInt32BE(length, 4);
  bytes.writeUInt32BE(index, 12);
  return bytes;
}

describe('mix none', () => {
  test('copies its one input, so that wiping the input does not wipe the copy', () => {
    const input = randomBytes(100);
    const expected = Buffer.from(input);
    const mixed = mix('none', [input]);
    input.fill(0);
    expect(mixed).toEqual(expected);
  });
});

describe('mix xor', () => {
  test.each([33, 39, 8192, 8195])('adds %d bytes wherever they lie', (length) => {
    const memory = randomBytes(4 * length);
    for (const odd of [0, 1, 2, 4]) {
      const [x, y] = [memory.subarray(odd, odd + length), memory.subarray(2 * length, 3 * length)];
      expect(mix('xor', [x, y])).toEqual(Buffer.from(x.map((byte, i) => byte ^ (y[i] ?? 0))));
    }
  });

  test('adds bit by bit', () => {
    const inputs = [Buffer.from([0b1100, 1]), Buffer.from([0b1010, 1]), Buffer.from([0b1001, 3])];
    expect(mix('xor', inputs)).toEqual(Buffer.from([0b1111, 3]));
    expect(inputs[0]).toEqual(Buffer.from([0b1100, 1]));
  });
});

describe('mix hkdf', () => {
  test.each([1, 63, 64, 65, 1000, 8192])('of %d bytes is one HMAC-SHA512 for each 64 bytes', (length) => {
    const inputs = [randomBytes(length), randomBytes(length), randomBytes(length)];
    const blocks: Buffer[] = [];
    for (let at = 0; at < length; at += 64) {
      const parts = inputs.map((input) => input.subarray(at, at + 64));
      const size = Math.min(64, length - at);
      const hmac = createHmac('sha512', MIX_SALT).update(header(3, size, at / 64));
      for (const part of parts) hmac.update(part);
      blocks.push(hmac.digest().subarray(0, size));
    }
    expect(mix('hkdf', inputs)).toEqual(Buffer.concat(blocks));
  });

  test('gives the pseudorandom key of RFC 5869: expanded, it is what node:crypto derives', () => {
    const [a, b] = [randomBytes(64), randomBytes(64)];
    const material = Buffer.concat([header(2, 64, 0), a, b]);
    const expanded = createHmac('sha512', mix('hkdf', [a, b]))
      .update(Buffer.from('info\x01', 'latin1'))
      .digest();
    expect(Buffer.from(hkdfSync('sha512', material, MIX_SALT, 'info', 64))).toEqual(expanded);
  });

  test('changes half of the bits of one block, and no other block, for each bit of an input', () => {
    const inputs = [randomBytes(256), randomBytes(256)] as const;
    const before = mix('hkdf', inputs);
    let changed = 0;
    for (let bit = 0; bit < 512; bit++) {
      const input = inputs[bit % 2] ?? inputs[0];
      flip(input, bit + 512);
      const after = mix('hkdf', inputs);
      flip(input, bit + 512);
      expect(after.subarray(0, 64)).toEqual(before.subarray(0, 64));
      expect(after.subarray(128)).toEqual(before.subarray(128));
      changed += distance(after, before);
    }
    expect(changed / 512).toBeGreaterThan(250); // of 256, standard deviation 0.5
    expect(changed / 512).toBeLessThan(262);
  });

  test('gives different blocks for equal blocks of input, and depends on the order of the sources', () => {
    const [a, b] = [Buffer.alloc(128, 1), Buffer.alloc(128, 2)];
    const mixed = mix('hkdf', [a, b]);
    expect(mixed.subarray(0, 64)).not.toEqual(mixed.subarray(64));
    expect(mix('hkdf', [b, a])).not.toEqual(mixed);
  });

  test('leaves its inputs as they were', () => {
    const input = randomBytes(100);
    const copy = Buffer.from(input);
    mix('hkdf', [input, randomBytes(100)]);
    expect(input).toEqual(copy);
  });
});

describe('mix cbc-mac', () => {
  /** The CBC-MAC of one message, by node:crypto. */
  const macOf = (message: Buffer): Buffer =>
    createCipheriv('aes-256-cbc', CONDITIONING_KEY, Buffer.alloc(16))
      .setAutoPadding(false)
      .update(message)
      .subarray(-16);

  test.each([
    [1, 2],
    [2, 2],
    [3, 5],
  ])('of %d sources and %d parts is one AES-256-CBC-MAC for each 16 bytes', (sources, ratio) => {
    const length = 8192;
    const inputs = Array.from({ length: sources }, () => randomBytes(length * ratio));
    const mixed = mix('cbc-mac', inputs, ratio);
    expect(mixed.length).toBe(length);
    for (let at = 0; at < length; at += 16) {
      const parts = inputs.flatMap((input) =>
        Array.from({ length: ratio }, (_, part) =>
          input.subarray(part * length + at, part * length + at + 16),
        ),
      );
      expect(mixed.subarray(at, at + 16)).toEqual(macOf(Buffer.concat(parts)));
    }
  });

  test('gives the known answers', () => {
    expect(() => checkKnownAnswers()).not.toThrow();
  });

  test('takes 192 bits of each source for 128, and two blocks at least', () => {
    const ratios = [8, 7.5, 6, 5, 4, 3, 2, 1, 0.5].map((bits) => [bits, conditioningRatio(bits)]);
    expect(ratios).toEqual([
      [8, 2],
      [7.5, 2],
      [6, 2],
      [5, 3],
      [4, 3],
      [3, 4],
      [2, 6],
      [1, 12],
      [0.5, 24],
    ]);
    for (const [bits = 0, ratio = 0] of ratios) expect(ratio * 16 * bits).toBeGreaterThanOrEqual(128 + 64);
  });

  test('leaves its inputs as they were', () => {
    const input = randomBytes(64);
    const copy = Buffer.from(input);
    mix('cbc-mac', [input], 2);
    expect(input).toEqual(copy);
  });
});

describe('mix refuses', () => {
  const [a, b, short] = [randomBytes(8), randomBytes(8), randomBytes(7)];
  const none = Buffer.alloc(0);

  test.each([
    ['none', [], 'inputs'],
    ['none', [a, b], 'inputs'],
    ['xor', [a], 'inputs'],
    ['hkdf', [a], 'inputs'],
    ['hkdf', [], 'inputs'],
    ['xor', [a, short], 'lengths'],
    ['hkdf', [a, b, short], 'lengths'],
    ['none', [none], 'lengths'],
    ['xor', [none, none], 'lengths'],
    ['xor', [a, b, a], 'identical'],
    ['hkdf', [a, Buffer.from(a)], 'identical'],
    ['cbc-mac', [], 'inputs'],
    ['cbc-mac', [a], 'lengths'],
    ['cbc-mac', [Buffer.alloc(32), Buffer.alloc(32)], 'identical'],
  ] as const)('%s of %p: %s', (strategy, inputs, code) => {
    expect(() => mix(strategy, inputs)).toThrow(expect.objectContaining({ name: 'MixingError', code }));
  });
});

function flip(bytes: Uint8Array, bit: number): void {
  const at = bit >> 3;
  bytes[at] = (bytes[at] ?? 0) ^ (1 << (bit & 7));
}

function distance(a: Uint8Array, b: Uint8Array): number {
  let bits = 0;
  a.forEach((byte, i) => {
    for (let x = byte ^ (b[i] ?? 0); x > 0; x >>= 1) bits += x & 1;
  });
  return bits;
}
