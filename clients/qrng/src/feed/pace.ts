/** Holds one reader to a number of bytes a second. */
import { setTimeout } from 'node:timers/promises';

/**
 * What was taken has to be paid for in time before more is taken:
 *
 *   take 255 ........ free again after 255 / limit seconds ... take 100 .....
 *
 * So one command is never cut, and over any time the reader gets at most `limit` bytes a second and one command.
 */
export class Pace {
  #freeAt = 0;

  /** @param limit bytes a second. */
  constructor(
    private readonly limit: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Whether something may be taken now. */
  get isFree(): boolean {
    return this.now() >= this.#freeAt;
  }

  /** Resolves once something may be taken. */
  async free(signal: AbortSignal): Promise<void> {
    while (!this.isFree) await setTimeout(Math.ceil(this.#freeAt - this.now()), undefined, { signal });
  }

  /** Notes what was taken. */
  took(bytes: number): void {
    this.#freeAt = Math.max(this.now(), this.#freeAt) + (1000 * bytes) / this.limit;
  }
}
