/** Bytes as they are, as a drawing like the others: for answers of bytes that get a receipt. */
import type { Sample } from './sample.js';

export function bytes({ count }: { readonly count: number }): Sample<Buffer> {
  return {
    likely: count,
    most: count,
    draw: (bits) => {
      const values = Buffer.alloc(count);
      for (let i = 0; i < count; i++) values[i] = bits.read(8);
      return values;
    },
  };
}
