/** `GET /api/floats`: multiples of 2^-53 in [0, 1), each equally likely. */
import type { Sample } from './sample.js';

export function floats({ count }: { readonly count: number }): Sample<number[]> {
  const bytes = Math.ceil((count * 53) / 8);
  return {
    likely: bytes,
    most: bytes,
    draw: (bits) => {
      const values = new Array<number>(count);
      for (let i = 0; i < count; i++) values[i] = bits.readUnit();
      return values;
    },
  };
}
