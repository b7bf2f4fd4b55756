/**
 * What a stranger may not have read of its answers. The kernel takes them from the gateway, megabytes for each socket, says nothing of
 * what a client has read, and keeps the rest for minutes after a close. So all is charged until the connection ends, by a reset, which
 * frees it.
 */
import type { Socket } from 'node:net';
import { BOUNDS } from '../bounds.js';
import type { Place } from './room.js';

export class UnreadAnswers {
  #answered = 0;
  #charged = 0;

  constructor(private readonly place: Place) {}

  /** Whether there can be more than the cost of a connection has in it. */
  get areLarge(): boolean {
    return this.#charged > 0;
  }

  /** Charges an answer; false when there was no room for it. */
  add(bytes: number): boolean {
    this.#answered += bytes;
    const charge = Math.min(this.#answered - BOUNDS.smallAnswerBytes, BOUNDS.unreadBytes);
    const more = charge - this.#charged;
    if (more <= 0) return true;
    this.#charged = charge;
    return this.place.grow(more);
  }

  /** Gives back what is charged. */
  clear(): void {
    this.place.shrink(this.#charged);
    this.#answered = this.#charged = 0;
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
