/** Decides when dropped blocks are worth a line in the log: pure, so that a source that fails each block does not flood it. */

const SAY_EVERY_MS = 60_000;

export class DroppedBlocks {
  readonly #saidAt = new Map<string, number>();
  #blocks = 0;
  #bytes = 0;

  /**
   * Notes a dropped block of so many bytes that failed these tests. `now` is monotonic ms.
   *
   * @returns what was dropped since the last line, this block included, if one of the tests was not said within a minute.
   */
  note(tests: readonly string[], bytes: number, now: number): { blocks: number; bytes: number } | undefined {
    this.#blocks += 1;
    this.#bytes += bytes;
    const news = tests.some((test) => now - (this.#saidAt.get(test) ?? -Infinity) >= SAY_EVERY_MS);
    if (!news) return undefined;
    for (const test of tests) this.#saidAt.set(test, now);
    const since = { blocks: this.#blocks, bytes: this.#bytes };
    this.#blocks = 0;
    this.#bytes = 0;
    return since;
  }
}
