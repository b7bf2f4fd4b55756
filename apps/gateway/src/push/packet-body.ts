/**
 * Reads the body of a push into one buffer of the length that PushGate has admitted, and frees the chunks it came in: left
 * to V8 they cost more than all the rest of a large push.
 */
import type { Readable } from 'node:stream';
import { wipeAndFree } from '#libs/entropy';
import { PacketRefusal } from '../admission/packet-refusal.js';

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
    wipeAndFree(chunk);
  });
  payload.once('end', () => done(null, body.subarray(0, at)));
  payload.once('error', () => done(new PacketRefusal('malformed', 'the connection ended within the body')));
}
