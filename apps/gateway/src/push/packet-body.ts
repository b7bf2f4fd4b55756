/**
 * Reads the body of a push into one buffer of the length that PushGate has admitted, and gives memory back early.
 *
 * Bodies and the chunks they come in lie outside V8's heap. V8 frees them when it next collects, and collects everything,
 * again and again, where megabytes of them come in: that took half of the processor time of a large push.
 */
import type { Readable } from 'node:stream';
import { PushRefusal } from './push-refusal.js';

/** A parser of Fastify's kind. Node sees to it that a body has neither more nor less than Content-Length bytes. */
export function readPacketBody(
  { headers }: { readonly headers: { readonly 'content-length'?: string | undefined } },
  payload: Readable,
  done: (error: Error | null, body?: Buffer) => void,
): void {
  const body = Buffer.allocUnsafeSlow(Number(headers['content-length']));
  let at = 0;
  payload.on('data', (chunk: Buffer) => {
    at += chunk.copy(body, at);
    freeNow(chunk);
  });
  payload.once('end', () => done(null, body.subarray(0, at)));
  payload.once('error', () => done(new PushRefusal('malformed', 'the connection ended within the body')));
}

/** Frees the memory of `buffer`, which is empty then; that of a small one, which may be shared, is left to V8. */
export function freeNow({ buffer, byteLength }: Buffer): void {
  const isWhole = buffer instanceof ArrayBuffer && buffer.byteLength === byteLength;
  if (isWhole && byteLength > 0) buffer.transfer(0);
}
