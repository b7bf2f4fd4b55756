/** Lets one loop wait for another, for at most some time: fetching for room, pushing for bytes, both for the end. */

const MAX_TIMER_MS = 2 ** 31 - 1;

export class Bell {
  readonly #waiting = new Set<() => void>();

  /** Wakes all who wait now; who waits later is not affected. */
  ring(): void {
    for (const wake of this.#waiting) wake();
  }

  /** Resolves when the bell rings, or after `ms` milliseconds; Infinity waits for the bell alone. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, Math.min(Math.max(0, ms), MAX_TIMER_MS));
      this.#waiting.add(wake);
    });
  }
}
