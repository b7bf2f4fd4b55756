/** Items that come while a batch is under way wait, and go together in the next one. */

interface Waiting<Item, Outcome> {
  readonly item: Item;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
}

export class Batches<Item, Outcome> {
  readonly #waiting: Waiting<Item, Outcome>[] = [];
  readonly #settleFirst: (items: readonly Item[]) => Promise<readonly Outcome[]>;

  /** @param settleFirst gives the outcomes of the first so many of the items, of at least one. */
  constructor(settleFirst: (items: readonly Item[]) => Promise<readonly Outcome[]>) {
    this.#settleFirst = settleFirst;
  }

  /** Whether nothing waits. */
  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** The outcome of `item`, once `runNext` was called as often as `add`. */
  add(item: Item): Promise<Outcome> {
    return new Promise((resolve, reject) => this.#waiting.push({ item, resolve, reject }));
  }

  /** Settles the items that wait, the first of them at least. One call at a time. */
  async runNext(): Promise<void> {
    if (this.isEmpty) return;
    try {
      const outcomes = await this.#settleFirst(this.#waiting.map(({ item }) => item));
      const settled = this.#waiting.splice(0, Math.max(1, outcomes.length));
      for (const [index, outcome] of outcomes.entries()) settled[index]?.resolve(outcome);
    } catch (error) {
      this.#waiting.shift()?.reject(error);
    }
  }
}
