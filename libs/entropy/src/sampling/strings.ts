/** `GET /api/strings`: strings over an alphabet, each character uniform. */
import { demand } from './sample.js';
import type { Sample } from './sample.js';
import { UniformRange } from './uniform-range.js';

export interface StringsOptions {
  readonly count: number;
  /** Characters of each string. */
  readonly length: number;
  /** 2 to 256 different characters, that is Unicode code points. */
  readonly alphabet: string;
}

/** @throws {RangeError} when the alphabet is not one. */
export function strings({ count, length, alphabet }: StringsOptions): Sample<string[]> {
  const characters = charactersOf(alphabet);
  const range = new UniformRange(0, characters.length - 1);
  return {
    ...demand(count * length, range.bits, range.acceptance),
    draw: (bits) => {
      const drawn = range.draw(bits, count * length);
      return Array.from({ length: count }, (_, i) => {
        let text = '';
        for (let j = i * length; j < (i + 1) * length; j++) text += characters[drawn[j] ?? 0] ?? '';
        return text;
      });
    },
  };
}

/**
 * The characters of an alphabet: code points, so that one outside the basic plane is one character and not
 * two halves.
 *
 * @throws {RangeError} unless it has 2 to 256, all different, and no lone surrogate.
 */
export function charactersOf(alphabet: string): string[] {
  const characters = Array.from(alphabet);
  if (characters.length < 2 || characters.length > 256) {
    throw new RangeError(`an alphabet has 2 to 256 characters, not ${characters.length}`);
  }
  if (new Set(characters).size < characters.length) {
    throw new RangeError('an alphabet has each character once');
  }
  if (/\p{Surrogate}/u.test(alphabet)) throw new RangeError('an alphabet has no half of a surrogate pair');
  return characters;
}
