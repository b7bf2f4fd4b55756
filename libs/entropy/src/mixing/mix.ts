/** Mixes blocks of several sources into one that is at least as good as the best of them. */
import { cbcMac } from './cbc-mac.js';
import { hkdfMix } from './hkdf-mix.js';
import { xorInto } from './xor-into.js';

export const MIXING_STRATEGIES = ['none', 'xor', 'hkdf', 'cbc-mac'] as const;
export type MixingStrategy = (typeof MIXING_STRATEGIES)[number];

/** Inputs that must not be mixed; `code` says why. */
export class MixingError extends Error {
  override readonly name = 'MixingError';

  constructor(
    readonly code: 'inputs' | 'lengths' | 'identical',
    message: string,
  ) {
    super(message);
  }
}

/**
 * Mixes one equally long block of each source into a new one: of the same length, or a `ratio`-th of it with `cbc-mac`.
 *
 * `none` copies a single input. `xor` adds the inputs bit by bit: uniform when one of them is and the sources
 * are independent. `hkdf` hashes them together, see hkdf-mix.ts: needs no independence. `cbc-mac` conditions one or more
 * of them, see cbc-mac.ts: the one strategy for sources with less than 8 bits a byte.
 *
 * The inputs are left as they are; the caller wipes them.
 *
 * @throws {MixingError} `inputs`: not exactly one for `none`, none for `cbc-mac`, fewer than two for the others;
 * `lengths`: not equally long, empty, or for `cbc-mac` no multiple of 16 times the ratio; `identical`: two inputs are the same bytes (their xor would be zeros).
 */
export function mix(strategy: MixingStrategy, inputs: readonly Uint8Array[], ratio = 1): Buffer {
  const [first = new Uint8Array(), ...others] = inputs;
  check(strategy, inputs, ratio);
  switch (strategy) {
    case 'none':
      return copyOf(first);
    case 'xor':
      return xorOf(first, others);
    case 'hkdf':
      return hkdfMix(inputs);
    case 'cbc-mac':
      return cbcMac(inputs, ratio);
  }
}

/** How many inputs a strategy takes. */
const COUNTS: Readonly<Record<MixingStrategy, readonly [least: number, most: number]>> = {
  none: [1, 1],
  xor: [2, Infinity],
  hkdf: [2, Infinity],
  'cbc-mac': [1, Infinity],
};

function check(strategy: MixingStrategy, inputs: readonly Uint8Array[], ratio: number): void {
  const [least, most] = COUNTS[strategy];
  if (inputs.length < least || inputs.length > most) {
    throw new MixingError('inputs', `${strategy} does not mix ${inputs.length} inputs`);
  }
  const lengths = inputs.map((input) => input.length);
  const unit = strategy === 'cbc-mac' ? 16 * ratio : 1;
  if (lengths[0] === 0 || (lengths[0] ?? 0) % unit !== 0 || lengths.some((length) => length !== lengths[0])) {
    throw new MixingError(
      'lengths',
      `inputs must be equally long, not empty and multiples of ${unit}, not ${lengths.join(', ')} bytes`,
    );
  }
  inputs.forEach((input, i) => {
    const same = inputs.findIndex((other) => Buffer.compare(input, other) === 0);
    if (same < i) throw new MixingError('identical', `inputs ${same} and ${i} are the same bytes`);
  });
}

/** Outside of Buffer's shared pool, so that wiping it wipes it. */
function copyOf(bytes: Uint8Array): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  copy.set(bytes);
  return copy;
}

function xorOf(first: Uint8Array, others: readonly Uint8Array[]): Buffer {
  const sum = copyOf(first);
  for (const other of others) xorInto(sum, other);
  return sum;
}
