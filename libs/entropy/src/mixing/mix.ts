/** Mixes blocks of several sources into one that is at least as good as the best of them. */
import { hkdfMix } from './hkdf-mix.js';

export const MIXING_STRATEGIES = ['none', 'xor', 'hkdf'] as const;
export type MixingStrategy = (typeof MIXING_STRATEGIES)[number];

/** Mixed blocks are a multiple of this many bytes: two honest inputs of 32 bytes are never the same by chance. */
export const MIXED_UNIT = 32;

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
 * Mixes one equally long block of each source into a new one of the same length.
 *
 * `none` copies a single input. `xor` adds the inputs bit by bit: uniform when one of them is and the sources
 * are independent. `hkdf` hashes them together, see hkdf-mix.ts: needs no independence.
 *
 * The inputs are left as they are; the caller wipes them.
 *
 * @throws {MixingError} `inputs`: not exactly one for `none`, or fewer than two; `lengths`: not equally long,
 * or empty; `identical`: two inputs are the same bytes (their xor would be zeros).
 */
export function mix(strategy: MixingStrategy, inputs: readonly Uint8Array[]): Buffer {
  const [first = new Uint8Array(), ...others] = inputs;
  check(strategy, inputs);
  switch (strategy) {
    case 'none':
      return copyOf(first);
    case 'xor':
      return others.reduce(xorInto, copyOf(first));
    case 'hkdf':
      return hkdfMix(inputs);
  }
}

function check(strategy: MixingStrategy, inputs: readonly Uint8Array[]): void {
  if (strategy === 'none' ? inputs.length !== 1 : inputs.length < 2) {
    throw new MixingError('inputs', `${strategy} does not mix ${inputs.length} inputs`);
  }
  const lengths = inputs.map((input) => input.length);
  if (lengths[0] === 0 || lengths.some((length) => length !== lengths[0])) {
    throw new MixingError(
      'lengths',
      `inputs must be equally long and not empty, not ${lengths.join(', ')} bytes`,
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

function xorInto(sum: Buffer, input: Uint8Array): Buffer {
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) ^ (input[i] ?? 0);
  return sum;
}
