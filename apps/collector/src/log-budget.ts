/** Keeps a source that flaps from filling the log: pure. Some lines an hour for each event, and nothing goes uncounted. */

const AT_ONCE = 4;
const REFILL_MS = 900_000;

interface Account {
  lines: number;
  refilledAt: number;
  counts: Record<string, number>;
}

export class LogBudget {
  readonly #accounts = new Map<string, Account>();

  /**
   * Notes one more event of this name, with numbers to add up. `now` is monotonic ms.
   *
   * @returns what came since the last line, this event included, if it is time for a line: the first four at once, then one
   *   each 15 minutes. `times` is how many events there were.
   */
  note(
    event: string,
    now: number,
    counts: Readonly<Record<string, number>> = {},
  ): ({ times: number } & Record<string, number>) | undefined {
    const account = this.#accounts.get(event) ?? { lines: AT_ONCE, refilledAt: now, counts: {} };
    this.#accounts.set(event, account);
    for (const [name, count] of Object.entries({ times: 1, ...counts })) {
      account.counts[name] = (account.counts[name] ?? 0) + count;
    }
    const refills = Math.floor((now - account.refilledAt) / REFILL_MS);
    account.refilledAt += refills * REFILL_MS;
    account.lines = Math.min(AT_ONCE, account.lines + refills);
    if (account.lines === 0) return undefined;
    account.lines--;
    const news = { times: 0, ...account.counts };
    account.counts = {};
    return news;
  }
}
