/**
 * Bytes that are not what they look like: sources that are wrong slowly, in part, or in a way that only shows from afar.
 *
 * Each lie is one stream over all answers that play it. The numbers 0x5eed and the like are seeds of generators that are
 * meant to be no good.
 */
import { createCipheriv, randomBytes } from 'node:crypto';

export const LIE_KINDS = [
  'page-tail', // the last `value` (220) bytes of each answer are those of an error page
  'blob-tail', // the last `value` (220) bytes of each answer are the same, and no text
  'newlines', // line feeds became carriage return and line feed
  'text-mode', // carriage return and line feed became a line feed
  'eaten', // byte `value` (0) never comes
  'flow-control', // XON and XOFF never come, as behind a terminal
  'ones', // each bit is 1 with probability `value` / 1000 (520)
  'complements', // blocks of `value` (1) bytes, each followed by its complement
  'doubled', // blocks of `value` (1) bytes, each twice
  'parity', // every `value`th (4) byte is the sum, bit by bit, of those since the last such one
  'checked', // every `value`th (9) byte is the sum, modulo 256, of those since the last such one
  'coin', // each byte is the one before or its complement
  'copied', // of 1000 bytes `value` (50) are copies of the byte `distance` (1) before
  'reread', // once in about `distance` (1000) bytes the last `value` (4) come once more
  'mirrored', // blocks of `value` (1024) bytes, each followed by itself with the bits of each byte the other way round
  'stamped', // of every 512 bytes the first `value` (8) are the same
  'prbs31', // a test pattern: x^31 + x^28 + 1
  'lfsr16', // a shift register of 16 bits
  'xorshift128', // Marsaglia's generator of words: linear, and too long for a test of 256 bits
  'period', // the same `value` (64 MiB) bytes over and over
  'lcg', // a linear congruential generator: no test on line finds it
  'rc4', // a stream cipher: nor this
] as const;

export type LieKind = (typeof LIE_KINDS)[number];

/** The next `length` bytes of a lie. */
export type Liar = (length: number) => Buffer;

export interface LieOptions {
  readonly value?: number;
  readonly distance?: number;
}

const PAGE =
  '\n<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1><p>The server returned an ' +
  'invalid or incomplete response. Please try again later.</p><hr><address>proxy</address></body></html>\n';
const BYTE_VALUES = 256;

/** Begins a lie. */
export function liar(kind: LieKind, options: LieOptions = {}): Liar {
  return LIARS[kind](options);
}

const LIARS: Readonly<Record<LieKind, (options: LieOptions) => Liar>> = {
  'page-tail': ({ value = 220 }) => withTail(Buffer.alloc(value, PAGE)),
  'blob-tail': ({ value = 220 }) => withTail(randomBytes(value)),
  newlines: () => {
    let owed = false; // the line feed behind a carriage return
    return filled((next) => {
      if (owed) {
        owed = false;
        return 0x0a;
      }
      const byte = next();
      owed = byte === 0x0a;
      return owed ? 0x0d : byte;
    });
  },
  'text-mode': () => (length) => {
    const bytes = randomBytes(length + 64); // more than are lost, but for a chance of 2^-300
    let kept = 0;
    bytes.forEach((byte, i) => {
      if (byte !== 0x0d || bytes[i + 1] !== 0x0a) bytes[kept++] = byte;
    });
    return bytes.subarray(0, length);
  },
  eaten: ({ value = 0 }) => without([value]),
  'flow-control': () => without([0x11, 0x13]),
  ones: ({ value = 520 }) =>
    filled((next) => {
      let byte = 0;
      for (let bit = 0; bit < 8; bit++) {
        byte = byte * 2 + ((next() * BYTE_VALUES + next()) * 1000 < value * 65_536 ? 1 : 0);
      }
      return byte;
    }),
  complements: ({ value = 1 }) => inPairs(value, (byte) => byte ^ 0xff),
  doubled: ({ value = 1 }) => inPairs(value, (byte) => byte),
  mirrored: ({ value = 1024 }) => inPairs(value, mirrored),
  parity: ({ value = 4 }) => closed(value, (sum, byte) => sum ^ byte),
  checked: ({ value = 9 }) => closed(value, (sum, byte) => (sum + byte) & 0xff),
  reread: ({ value = 4, distance = 1000 }) => {
    const before = randomBytes(value);
    let [at, left] = [0, 0];
    return filled((next) => {
      if (left === 0 && next() * BYTE_VALUES + next() < 65_536 / distance) left = value;
      const byte = left > 0 ? (before[at] ?? 0) : next();
      if (left > 0) left--;
      before[at] = byte;
      at = (at + 1) % value;
      return byte;
    });
  },
  coin: () => {
    let last = 0x35;
    return filled((next) => (last = next() < 128 ? last : 0xff - last));
  },
  copied: ({ value = 50, distance = 1 }) => {
    const before = randomBytes(distance);
    let at = 0;
    return filled((next) => {
      const copies = (next() * BYTE_VALUES + next()) * 1000 < value * 65_536;
      const byte = copies ? (before[at] ?? 0) : next();
      before[at] = byte;
      at = (at + 1) % distance;
      return byte;
    });
  },
  stamped: ({ value = 8 }) => {
    let at = 0;
    return filled((next) => {
      const place = at++ % 512;
      return place < value ? (0xb5 * (place + 1)) & 0xff : next();
    });
  },
  prbs31: () => register(31, 28),
  lfsr16: () => register(16, 15, 13, 4),
  xorshift128: () => {
    const state = Int32Array.of(123_456_789, 362_436_069, 521_288_629, 88_675_123);
    let left = 0;
    return filled(() => {
      if (left === 0) {
        const [first = 0, , , last = 0] = state;
        const mixed = first ^ (first << 11);
        state.copyWithin(0, 1);
        state[3] = last ^ (last >>> 19) ^ mixed ^ (mixed >>> 8);
        left = 4;
      }
      return ((state[3] ?? 0) >>> (8 * --left)) & 0xff;
    });
  },
  period: ({ value = 64 * 1024 * 1024 }) => {
    const key = randomBytes(32);
    const start = () => createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
    let [cipher, left] = [start(), value];
    return (length) => {
      const parts: Buffer[] = [];
      for (let wanted = length; wanted > 0;) {
        const part = Math.min(wanted, left);
        parts.push(cipher.update(Buffer.alloc(part)));
        wanted -= part;
        left -= part;
        if (left === 0) [cipher, left] = [start(), value];
      }
      return Buffer.concat(parts);
    };
  },
  lcg: () => {
    let state = 0x5eedn;
    return filled(() => {
      state = BigInt.asUintN(64, state * 6_364_136_223_846_793_005n + 1_442_695_040_888_963_407n);
      return Number(state >> 56n);
    });
  },
  rc4,
};

/** Honest bytes with `tail` at the end of each answer. */
function withTail(tail: Buffer): Liar {
  return (length) => {
    const bytes = randomBytes(length);
    tail.copy(bytes, Math.max(0, length - tail.length), Math.max(0, tail.length - length));
    return bytes;
  };
}

/** A liar that makes one byte at a time of honest ones, which `next` gives. */
function filled(make: (next: () => number) => number): Liar {
  return (length) => {
    let honest = Buffer.alloc(0);
    let at = 0;
    const next = (): number => {
      if (at === honest.length) [honest, at] = [randomBytes(2 * length + 64), 0];
      return honest[at++] ?? 0;
    };
    const bytes = Buffer.alloc(length);
    for (let i = 0; i < length; i++) bytes[i] = make(next);
    return bytes;
  };
}

function without(values: readonly number[]): Liar {
  return filled((next) => {
    let byte: number;
    do byte = next();
    while (values.includes(byte));
    return byte;
  });
}

/** The last of each `size` bytes is what `add` makes of the others, one after the other. */
function closed(size: number, add: (sum: number, byte: number) => number): Liar {
  let [at, sum] = [0, 0];
  return filled((next) => {
    const closes = ++at % size === 0;
    const byte = closes ? sum : next();
    sum = closes ? 0 : add(sum, byte);
    return byte;
  });
}

function mirrored(byte: number): number {
  return parseInt(byte.toString(2).padStart(8, '0').split('').reverse().join(''), 2);
}

/** Blocks of `size` bytes, each followed by itself, changed. */
function inPairs(size: number, change: (byte: number) => number): Liar {
  const block = Buffer.alloc(size);
  let at = 0;
  return filled((next) => {
    const place = at % size;
    if (at < size) block[place] = next();
    const honest = block[place] ?? 0;
    const byte = at < size ? honest : change(honest);
    at = (at + 1) % (2 * size);
    return byte;
  });
}

/** A Fibonacci register: each bit is the sum of those at these distances before it. */
function register(...taps: readonly [number, ...number[]]): Liar {
  let state = 0x5eed;
  return filled(() => {
    let byte = 0;
    for (let i = 0; i < 8; i++) {
      const bit = taps.reduce((sum, tap) => sum ^ (state >>> (tap - 1)), 0) & 1;
      state = ((state << 1) | bit) & (2 ** taps[0] - 1);
      byte = (byte << 1) | bit;
    }
    return byte;
  });
}

function rc4(): Liar {
  const key = Buffer.from('simulated');
  const s = Uint8Array.from({ length: BYTE_VALUES }, (_, i) => i);
  const swap = (a: number, b: number): void => void ([s[a], s[b]] = [s[b] ?? 0, s[a] ?? 0]);
  for (let i = 0, k = 0; i < BYTE_VALUES; i++) {
    k = (k + (s[i] ?? 0) + (key[i % key.length] ?? 0)) & 0xff;
    swap(i, k);
  }
  let [i, k] = [0, 0];
  return filled(() => {
    i = (i + 1) & 0xff;
    k = (k + (s[i] ?? 0)) & 0xff;
    swap(i, k);
    return s[((s[i] ?? 0) + (s[k] ?? 0)) & 0xff] ?? 0;
  });
}
