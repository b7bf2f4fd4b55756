/** Turns what collectors counted since their start into increments of counters that go on over their restarts. */

export class ReportedCounters {
  readonly #highest = new Map<string, number>();
  #process: number | undefined;

  /** What is reported from now on was counted by this process of the collector: in another one, counters begin at 0 again. */
  from(process: number): void {
    if (this.#process !== process) this.#highest.clear();
    this.#process = process;
  }

  /** By how much the counter `name` rose, which stands at `count` now; heartbeats that were overtaken count nothing. */
  rise(name: string, count: number): number {
    const before = this.#highest.get(name) ?? 0;
    this.#highest.set(name, Math.max(before, count));
    return Math.max(0, count - before);
  }
}
