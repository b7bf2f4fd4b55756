/** Writes whole answers, of all routes alike: status, head and body go to the socket as one string where the body is small. */
import type { OutgoingHttpHeader } from 'node:http';
import type { FastifyReply } from 'fastify';
import { wipeAndFree } from '#libs/entropy';

/** Bodies from this size on go out as they are: a copy of them costs more than a second write. */
const SMALL_BODY_BYTES = 4096;

/** Texts from this length on go out as a buffer: Node needs two thirds more time to send 128 KiB of a string. */
const LONG_TEXT = 8192;

/** Whether an answer is all there, and may have a body. Fastify sends the others: streams, and answers without a body. */
export function isWhole({ statusCode }: FastifyReply, payload: unknown): payload is string | Buffer {
  return statusCode !== 204 && (typeof payload === 'string' || Buffer.isBuffer(payload));
}

/**
 * Writes the answer, in the place of what Fastify does after its last hook. Node encodes a text in UTF-8 again, together with the
 * head, and sends a buffer in a write of its own; one-byte characters go out as they are, behind the head and with it.
 *
 * @param common fields that come before those of the route, which sets none of them: names and values in turn.
 */
export function writeAnswer(reply: FastifyReply, body: string | Buffer, common: readonly string[]): void {
  const { raw } = reply;
  const bytes = Buffer.byteLength(body);
  void reply.header('content-length', bytes);
  const own = reply.getHeaders();
  const fields: OutgoingHttpHeader[] = [...common];
  for (const name in own) fields.push(name, own[name] ?? '');
  raw.writeHead(reply.statusCode, fields);
  if (typeof body !== 'string') {
    if (bytes < SMALL_BODY_BYTES) raw.end(body.toString('latin1'), 'latin1');
    else raw.end(body);
  } else if (bytes > body.length) raw.end(body);
  else if (bytes < LONG_TEXT) raw.end(body, 'latin1');
  else {
    const buffer = Buffer.from(body, 'latin1');
    raw.once('finish', () => wipeAndFree(buffer)); // the kernel has all of it
    raw.end(buffer);
  }
}
