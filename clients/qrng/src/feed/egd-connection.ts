/** One client of the EGD socket: its commands answered one after the other, at its own pace. */
import { on, once } from 'node:events';
import type { Socket } from 'node:net';
import { readCommand } from './egd-command.js';
import type { EgdCommand } from './egd-command.js';
import type { Pace } from './pace.js';
import type { Prefetch } from './prefetch.js';

/** Pieces of input that wait while a command is answered; then nothing more is read. */
const MOST_UNREAD = 4;

/**
 * Answers until `gone` aborts.
 *
 * A client that asks on while it waits is slowed down by its own socket.
 *
 * @throws {EgdProtocolError} for a byte that is no command, what `prefetch` throws, and the reason of `gone`.
 */
export async function serveEgdClient(
  socket: Socket,
  prefetch: Prefetch,
  pace: Pace,
  gone: AbortSignal,
): Promise<void> {
  let input = Buffer.alloc(0);
  // Not the socket's own iterator: that one notices the end only when it is asked for more.
  const chunks = on(socket, 'data', { signal: gone, highWaterMark: MOST_UNREAD, lowWaterMark: 1 });
  for await (const [chunk] of chunks as AsyncIterable<[Buffer]>) {
    input = Buffer.concat([input, chunk]);
    for (let read; (read = readCommand(input)) !== undefined;) {
      const answer = await answerTo(read.command, prefetch, pace, gone);
      if (answer.length > 0 && !socket.write(answer)) await once(socket, 'drain', { signal: gone });
      input = input.subarray(read.length);
    }
  }
}

async function answerTo(
  command: EgdCommand,
  prefetch: Prefetch,
  pace: Pace,
  gone: AbortSignal,
): Promise<Buffer> {
  switch (command.kind) {
    case 'available': {
      const answer = Buffer.alloc(4);
      answer.writeUInt32BE(pace.isFree ? prefetch.available * 8 : 0);
      return answer;
    }
    case 'now': {
      const taken = prefetch.takeNow(pace.isFree ? command.count : 0);
      pace.took(taken.length);
      return Buffer.concat([Buffer.of(taken.length), taken]);
    }
    case 'wait': {
      await pace.free(gone);
      const taken = await prefetch.take(command.count, gone);
      pace.took(taken.length);
      return taken;
    }
    case 'offer':
      return Buffer.alloc(0);
  }
}
