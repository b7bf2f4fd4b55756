/**
 * Keeps bytes of the gateway at hand, so that a reader need not wait for a request. Each of them is handed out once:
 *
 *   gateway -> fetch, when half is gone -> [ at hand ] -> takers, first come, first served
 */
interface Taker {
  readonly count: number;
  readonly give: (bytes: Buffer) => void;
  readonly fail: (error: Error) => void;
}

export class Prefetch {
  readonly #fetch: (count: number) => Promise<Buffer>;
  readonly #capacity: number;
  readonly #takers = new Set<Taker>();
  #atHand = Buffer.alloc(0);
  #isFetching = false;
  #failure: Error | undefined;

  /**
   * @param fetch gives this number of bytes of the gateway, after however long; its rejection is final.
   * @param capacity bytes that are kept at hand; nobody may take more at once.
   */
  constructor(fetch: (count: number) => Promise<Buffer>, capacity: number) {
    this.#fetch = fetch;
    this.#capacity = capacity;
    this.#refill();
  }

  /** Bytes that can be taken without waiting. */
  get available(): number {
    return this.#takers.size > 0 ? 0 : this.#atHand.length;
  }

  /** At most `most` bytes, and none when nothing is at hand or others wait. */
  takeNow(most: number): Buffer {
    const taken = this.#cut(Math.min(most, this.available));
    this.#refill();
    return taken;
  }

  /**
   * Exactly `count` bytes, in the order of the calls.
   *
   * @throws what the fetch threw, or the reason of `signal`; then nothing was taken.
   */
  take(count: number, signal: AbortSignal): Promise<Buffer> {
    if (count > this.#capacity) throw new RangeError(`at most ${this.#capacity} bytes are taken at once`);
    return new Promise((give, fail) => {
      signal.throwIfAborted();
      const abort = (): void => taker.fail(signal.reason as Error);
      const settle = (): void => {
        this.#takers.delete(taker);
        signal.removeEventListener('abort', abort);
      };
      const taker: Taker = {
        count,
        give: (bytes) => {
          settle();
          give(bytes);
        },
        fail: (error) => {
          settle();
          fail(error);
        },
      };
      signal.addEventListener('abort', abort);
      this.#takers.add(taker);
      this.#serve();
    });
  }

  #serve(): void {
    for (const taker of this.#takers) {
      if (this.#failure !== undefined) taker.fail(this.#failure);
      else if (taker.count > this.#atHand.length) break;
      else taker.give(this.#cut(taker.count));
    }
    this.#refill();
  }

  /** The first bytes at hand, as a copy, so that nothing of them stays behind. */
  #cut(count: number): Buffer {
    const taken = Buffer.from(this.#atHand.subarray(0, count));
    this.#atHand.fill(0, 0, count);
    this.#atHand = this.#atHand.subarray(count);
    return taken;
  }

  #refill(): void {
    const isEnough = this.#takers.size === 0 && this.#atHand.length > this.#capacity / 2;
    if (this.#isFetching || isEnough || this.#failure !== undefined) return;
    this.#isFetching = true;
    this.#fetch(this.#capacity - this.#atHand.length)
      .then(
        (bytes) => {
          this.#atHand = Buffer.concat([this.#atHand, bytes]);
          bytes.fill(0);
        },
        (error: unknown) => (this.#failure = error as Error),
      )
      .finally(() => {
        this.#isFetching = false;
        this.#serve();
      });
  }
}
