/** Healthy entropy that waits to be pushed: sources -> mixer -> here -> PushScheduler. */
import { ByteRing } from '#libs/entropy';
import { Bell } from '../bell.js';

export class OutputBuffer {
  /** Rings when bytes came. */
  readonly arrived = new Bell();
  /** Called when room became free. */
  onRoom: () => void = () => undefined;
  /** Called by `clear`: wipes what was fetched and has not come here yet, and gives how many bytes that was. */
  onClear: () => number = () => 0;
  /** Called by `dropAll`: what was taken out of here and has not left yet has to go, too. */
  onDropAll: () => void = () => undefined;
  readonly #ring: ByteRing;

  /** @param capacity bytes. */
  constructor(capacity: number) {
    this.#ring = new ByteRing(capacity);
  }

  get capacity(): number {
    return this.#ring.capacity;
  }

  get length(): number {
    return this.#ring.length;
  }

  get free(): number {
    return this.#ring.free;
  }

  /** Appends a copy of `bytes`, which must fit. */
  push(bytes: Uint8Array): void {
    this.#ring.push(bytes);
    this.arrived.ring();
  }

  /** Wipes everything, since it turned out to be bad; returns how many bytes were here. */
  dropAll(): number {
    const dropped = this.#ring.length;
    this.#ring.drop(dropped);
    this.onDropAll();
    return dropped;
  }

  /** Takes the `count` oldest bytes out. */
  take(count: number): Buffer {
    const bytes = this.#ring.take(count);
    this.onRoom();
    return bytes;
  }

  /** Wipes everything that was fetched up to now, here and before this buffer; gives how many bytes that was. */
  clear(): number {
    const bytes = this.#ring.length + this.onClear();
    this.#ring.drop(this.#ring.length);
    this.onRoom();
    return bytes;
  }
}
