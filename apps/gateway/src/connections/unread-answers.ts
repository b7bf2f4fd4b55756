/**
 * What a client may not have read of its answers. The kernel takes them from the gateway, megabytes for each socket, says to Node nothing
 * of what a client has read, and keeps the rest for minutes after a close. So they are charged until a look at the kernel's tables
 * (kernel-queues.ts) says what is left of them, and a connection that ends before is reset, which frees it.
 */
import type { Socket } from 'node:net';
import { BOUNDS } from '../bounds.js';
import type { Place } from './room.js';

export class UnreadAnswers {
  /** Bytes of answers that may be unread: of all; and of those that are charged, also while they are read. */
  #answered = 0;
  #counted = 0;
  /** The same, of answers since the last look began. */
  #answeredSince = 0;
  #countedSince = 0;
  #charged = 0;

  constructor(private readonly place: Place) {}

  /** Whether more of it is charged than the cost of a connection has in it. */
  get areCharged(): boolean {
    return this.#charged > 0;
  }

  /** Whether there can be as much. */
  get mayBeLarge(): boolean {
    return this.#answered > BOUNDS.smallAnswerBytes;
  }

  /** Charges an answer; false when there was no room for it. */
  add(bytes: number): boolean {
    this.note(bytes);
    this.#counted += bytes;
    this.#countedSince += bytes;
    return this.#charge();
  }

  /** What `add` would charge for an answer. */
  costOf(bytes: number): number {
    return this.#due(this.#counted + bytes) - this.#charged;
  }

  /** Notes an answer that is charged only when a look finds it unread: its client has a rate. */
  note(bytes: number): void {
    this.#answered += bytes;
    this.#answeredSince += bytes;
  }

  /** A look at the kernel's tables begins: what is answered from now on may not be in them. */
  beginLook(): void {
    this.#answeredSince = this.#countedSince = 0;
  }

  /** The kernel and this process held `bytes` of all answers when the look began. */
  endLook(bytes: number): void {
    this.#answered = bytes + this.#answeredSince;
    this.#counted = bytes + this.#countedSince;
    this.#charge();
  }

  #charge(): boolean {
    const due = this.#due(this.#counted);
    const more = due - this.#charged;
    this.#charged = due;
    if (more < 0) this.place.shrink(-more);
    return more <= 0 || this.place.grow(more);
  }

  #due(counted: number): number {
    return Math.min(Math.max(counted - BOUNDS.smallAnswerBytes, 0), BOUNDS.unreadBytes);
  }
}

/** Has whatever closes `accepted` reset it while `isDue` says so. */
export function resetInsteadOfClose(accepted: Socket, isDue: () => boolean): void {
  const close = accepted.destroy.bind(accepted);
  accepted.destroy = (error) => {
    accepted.destroy = close;
    return error === undefined && isDue() ? accepted.resetAndDestroy() : close(error);
  };
}

/** Has `socket` wait, after the answer that was the last, while `isDue` says so: its client is sent the end, and `linger` is called. */
export function lingerInsteadOfEnd(socket: Socket, isDue: () => boolean, linger: () => void): void {
  const endNow = socket.destroySoon.bind(socket);
  socket.destroySoon = () => {
    if (!isDue()) {
      endNow();
      return;
    }
    socket.end();
    linger();
  };
}

/** While the end of `socket` is on its way to the kernel, libuv resets no connection, and Node would leak it. */
export function isShuttingDown({ writableEnded, writableFinished, writableLength }: Socket): boolean {
  return writableEnded && !writableFinished && writableLength === 0;
}
