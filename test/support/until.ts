/** Waits for something to become true, instead of for a time. */

/**
 * Resolves with the first value of `look` that is neither undefined nor false.
 *
 * @throws when that takes longer than `ms`; `what` and what `describe` returns then say what was waited for and what was there.
 */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  { ms = 60_000, describe = () => '' }: { ms?: number; describe?: () => string } = {},
): Promise<T> {
  const deadline = performance.now() + ms;
  for (;;) {
    const value = await look();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > deadline) throw new Error(`not within ${ms} ms: ${what}\n${describe()}`);
    await new Promise((wake) => setTimeout(wake, 10));
  }
}
