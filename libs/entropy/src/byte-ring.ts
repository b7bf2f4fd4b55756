/**
 * A bounded first-in first-out buffer of bytes; bytes are overwritten with zeros as they leave.
 *
 *   push(bytes) -> [ ....oldest============newest.... ] -> take(n)
 *
 * One allocation for its whole life, outside Buffer's shared pool, so that memory is bounded and entropy lies in one
 * place that can be wiped.
 */
export class ByteRing {
  readonly capacity: number;
  readonly #bytes: Buffer;
  #head = 0; // index of the oldest byte
  #length = 0;

  /** @param capacity bytes, at least 1. */
  constructor(capacity: number) {
    if (!Number.isSafeInteger(capacity) || capacity < 1) {
      throw new RangeError('capacity must be at least 1 byte');
    }
    this.capacity = capacity;
    this.#bytes = Buffer.alloc(capacity); // zeros that take no memory until they are overwritten
  }

  /** Bytes held. */
  get length(): number {
    return this.#length;
  }

  /** Bytes that still fit. */
  get free(): number {
    return this.capacity - this.#length;
  }

  /**
   * Appends a copy of `bytes`.
   *
   * @throws {RangeError} when they do not fit; nothing is stored then.
   */
  push(bytes: Uint8Array): void {
    if (bytes.length > this.free) throw new RangeError(`${bytes.length} bytes do not fit into ${this.free}`);
    const tail = (this.#head + this.#length) % this.capacity;
    const untilEnd = Math.min(bytes.length, this.capacity - tail);
    this.#bytes.set(bytes.subarray(0, untilEnd), tail);
    this.#bytes.set(bytes.subarray(untilEnd), 0);
    this.#length += bytes.length;
  }

  /**
   * Takes the `count` oldest bytes out as a copy that belongs to the caller, and wipes them here.
   *
   * @throws {RangeError} when fewer are held; nothing is taken then.
   */
  take(count: number): Buffer {
    const taken = Buffer.allocUnsafe(this.#checked(count));
    const untilEnd = Math.min(count, this.capacity - this.#head);
    this.#bytes.copy(taken, 0, this.#head, this.#head + untilEnd);
    this.#bytes.copy(taken, untilEnd, 0, count - untilEnd);
    this.drop(count);
    return taken;
  }

  /**
   * Wipes the `count` oldest bytes without handing them out.
   *
   * @throws {RangeError} when fewer are held; nothing is dropped then.
   */
  drop(count: number): void {
    this.#checked(count);
    const untilEnd = Math.min(count, this.capacity - this.#head);
    this.#bytes.fill(0, this.#head, this.#head + untilEnd);
    this.#bytes.fill(0, 0, count - untilEnd);
    this.#head = (this.#head + count) % this.capacity;
    this.#length -= count;
  }

  #checked(count: number): number {
    if (!Number.isSafeInteger(count) || count < 0 || count > this.#length) {
      throw new RangeError(`cannot take ${count} of ${this.#length} bytes`);
    }
    return count;
  }
}
