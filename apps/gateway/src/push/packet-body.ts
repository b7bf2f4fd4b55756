/**
 * Reads the body of a push into one buffer, and frees the chunks it came in: left to V8 they cost more than all the rest of a
 * large push. Of a stranger, what was sent counts and not what was promised: the buffer grows as bytes arrive.
 */
import type { Readable } from 'node:stream';
import { wipeAndFree } from '#libs/entropy';
import { BOUNDS } from '../bounds.js';
import type { Place } from '../connections/room.js';
import { PacketRefusal } from '../admission/packet-refusal.js';
import { PushRefusal } from './push-refusal.js';

const GROWTH = 4;

interface Push {
  readonly headers: { readonly 'content-length'?: string | undefined };
  /** Where the buffer is charged. */
  readonly place?: Place;
}

/** A parser of Fastify's kind. Node sees to it that a body has neither more nor less than Content-Length bytes. */
export function readPacketBody(
  { headers, place }: Push,
  payload: Readable,
  done: (error: Error | null, body?: Buffer) => void,
): void {
  const length = Number(headers['content-length']);
  let body = Buffer.alloc(0);
  let at = 0;
  let isOver = false;
  const end = (error: Error | null): void => {
    if (isOver) return;
    isOver = true;
    clearTimeout(timer);
    if (error === null) done(null, body.subarray(0, at));
    else done(error);
  };

  const timer = setTimeout(
    () => end(new PushRefusal('malformed', 'the body came too slowly', 408)),
    BOUNDS.bodyGraceMs + (1000 * length) / BOUNDS.bodyBytesPerSecond,
  );

  payload.on('data', (chunk: Buffer) => {
    if (isOver || (at + chunk.length > body.length && !grow(at + chunk.length))) return;
    at += chunk.copy(body, at);
    wipeAndFree(chunk);
  });
  payload.once('end', () => end(null));
  payload.once('error', () => end(new PacketRefusal('malformed', 'the connection ended within the body')));

  /** Makes room for `bytes`; false when there is none, and the connection was closed. */
  function grow(bytes: number): boolean {
    const first = place?.isStranger === false ? length : BOUNDS.firstBodyBytes;
    const size = Math.min(length, Math.max(first, body.length * GROWTH, bytes));
    if (place?.grow(size - body.length) === false) {
      end(new PacketRefusal('unready', 'others needed the room'));
      return false;
    }
    const larger = Buffer.allocUnsafeSlow(size);
    body.copy(larger);
    if (at > 0) wipeAndFree(body);
    body = larger;
    return true;
  }
}
