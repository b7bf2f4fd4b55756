/** Several drawings as one, such as dice of different kinds in one throw. */
import type { Sample } from './sample.js';

/** All of `samples`, in their order, from one stretch of entropy. */
export function sequence<T>(samples: readonly Sample<T>[]): Sample<T[]> {
  return {
    likely: samples.reduce((sum, { likely }) => sum + likely, 0),
    most: samples.reduce((sum, { most }) => sum + most, 0),
    draw: (bits) => samples.map((sample) => sample.draw(bits)),
  };
}
