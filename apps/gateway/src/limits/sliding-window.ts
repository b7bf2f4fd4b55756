/**
 * The sum of what was added within a time that ends now, in constant time and memory.
 *
 *   | slot 0 | slot 1 | ... | slot 63 | current slot |        one window is 64 slots
 *   ^ oldest that counts                     now ^
 *
 * Time is cut into slots of 1/64 of the window. The current slot and the 64 before it count, so every amount counts for
 * at least a whole window and at most 1/64 longer: a limit that is checked against the sum is never exceeded in any
 * window, wherever it begins.
 */
const SLOTS = 64;

export class SlidingWindow {
  readonly #slotMs: number;
  readonly #amounts = new Float64Array(SLOTS + 1);
  // Slots are numbered from the beginning of the clock; number n lies at index n % (SLOTS + 1).
  #newest = 0;
  #oldest = 0;
  #sum = 0;

  /** @param windowMs the length of the window in milliseconds. */
  constructor(readonly windowMs: number) {
    this.#slotMs = windowMs / SLOTS;
  }

  /**
   * Adds `amount`.
   *
   * @param now milliseconds of a clock that never goes back.
   * @param at when it came, if that was earlier; an amount from before the window does not count.
   */
  add(amount: number, now: number, at = now): void {
    this.#advance(now);
    const slot = at === now ? this.#newest : Math.floor(at / this.#slotMs);
    if (slot < this.#newest - SLOTS) return;
    if (slot < this.#oldest) this.#oldest = Math.max(slot, 0);
    const index = Math.max(slot, 0) % this.#amounts.length;
    this.#amounts[index] = (this.#amounts[index] ?? 0) + amount;
    this.#sum += amount;
  }

  /** What was added in the window that ends at `now`. */
  sum(now: number): number {
    this.#advance(now);
    return this.#sum;
  }

  /** Milliseconds from `now` until the sum, if nothing is added, is at most `limit`; 0 when it is that already. */
  msUntil(limit: number, now: number): number {
    this.#advance(now);
    let left = this.#sum;
    let slot = this.#oldest;
    while (left > limit && slot <= this.#newest) left -= this.#amounts[slot++ % this.#amounts.length] ?? 0;
    return slot === this.#oldest ? 0 : this.#goneAt(slot - 1) - now;
  }

  /** Milliseconds from `now` until the oldest amount no longer counts; 0 when nothing does. */
  msUntilLess(now: number): number {
    this.#advance(now);
    return this.#sum === 0 ? 0 : this.#goneAt(this.#oldest) - now;
  }

  /** What counts now, by its age: amounts with the milliseconds since they came, to a slot. */
  amounts(now: number): (readonly [amount: number, ageMs: number])[] {
    this.#advance(now);
    const found: (readonly [number, number])[] = [];
    for (let slot = this.#oldest; slot <= this.#newest; slot++) {
      const amount = this.#amounts[slot % this.#amounts.length] ?? 0;
      if (amount > 0) found.push([amount, Math.max(0, now - (slot + 1) * this.#slotMs)]);
    }
    return found;
  }

  clear(): void {
    this.#amounts.fill(0);
    this.#sum = 0;
  }

  #goneAt(slot: number): number {
    return (slot + SLOTS + 1) * this.#slotMs;
  }

  #advance(now: number): void {
    const slot = Math.floor(now / this.#slotMs);
    if (slot > this.#newest) this.#newest = slot;
    for (; this.#sum > 0; this.#oldest++) {
      const index = this.#oldest % this.#amounts.length;
      const amount = this.#amounts[index] ?? 0;
      if (amount > 0 && this.#oldest >= this.#newest - SLOTS) return;
      this.#amounts[index] = 0;
      this.#sum -= amount;
    }
    this.#oldest = this.#newest;
  }
}
