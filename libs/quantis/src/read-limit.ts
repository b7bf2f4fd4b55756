/**
 * Bounds what an appliance can make us read for one answer, at the socket: interim answers (1xx) without end, a reason
 * phrase of gigabytes, chunks of one byte each.
 */
import type { Socket } from 'node:net';
import { SourceError } from './source.js';

/** For the status line, headers, and interim answers. */
const HEAD_BYTES = 65_536;

export class ReadLimit {
  #left = 0;

  /** From now on an answer of `bytes` bytes may come, in chunks if it likes. */
  expect(bytes: number): void {
    this.#left = 2 * bytes + HEAD_BYTES;
  }

  /** Ends `socket` once more comes than was allowed. */
  attach(socket: Socket): void {
    // Node hands every piece that it read to push(): the one place that nothing gets past, with any later reader.
    const push = socket.push.bind(socket);
    socket.push = (piece: Buffer | null, encoding?: BufferEncoding): boolean => {
      this.#left -= piece?.length ?? 0;
      if (this.#left >= 0) return push(piece, encoding);
      socket.destroy(new SourceError('protocol', 'sent far more than was asked for'));
      return false;
    };
  }
}
