/** Waiting for what the product does in its own time. */
import { setTimeout } from 'node:timers/promises';

/** Waits until what is looked at has not changed for `ms`. */
export async function settled(look: () => string, ms = 1000): Promise<void> {
  for (let before: string | undefined; before !== (before = look());) await setTimeout(ms);
}

/** @throws after a minute. */
export async function until(what: string, is: () => boolean): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!is()) {
    if (Date.now() > deadline) throw new Error(`waited a minute until ${what}`);
    await setTimeout(200);
  }
}
