/** Does costly work that anybody may ask for in at most a tenth of the time, and never answers with anything old. */
import { setImmediate, setTimeout } from 'node:timers/promises';

const PART_OF_TIME = 0.1;

/**
 * Calls `make` once for all that ask before it begins, and begins no sooner than ten times its own cost after it last began.
 * It runs apart from what else goes on in a turn of the event loop.
 *
 * @param now a monotonic clock in milliseconds.
 */
export function paced<T>(make: () => Promise<T>, now = (): number => performance.now()): () => Promise<T> {
  let next: Promise<T> | undefined;
  let notBefore = -Infinity;

  async function run(): Promise<T> {
    const wait = notBefore - now();
    if (wait > 0) await setTimeout(wait);
    await setImmediate();
    next = undefined; // whoever asks from now on gets what is true then
    const begun = now();
    const made = await make();
    notBefore = begun + (now() - begun) / PART_OF_TIME;
    return made;
  }

  return () => (next ??= run());
}
