/** Reads the body of a request once the gate has let it in: the parser of create-gateway.ts hands the body on unread. */
import { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { ApiError } from '../../problem/api-error.js';

/**
 * The body, of `limit` bytes at most; empty where there is none.
 *
 * @throws {ApiError} `content-too-large`; `unsupported-media-type` for a compressed body; `bad-request` when the client
 *   went away meanwhile.
 */
export async function readBody({ body, headers }: FastifyRequest, limit: number): Promise<Buffer> {
  if (headers['content-encoding'] !== undefined) {
    throw new ApiError('unsupported-media-type', 'Send the body without Content-Encoding.');
  }
  const tooLarge = new ApiError('content-too-large', `The body may have ${limit} bytes.`);
  if (Number(headers['content-length'] ?? 0) > limit) throw tooLarge;
  if (!(body instanceof Readable)) return Buffer.alloc(0);
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    // A body that is too large is not read to its end, and its sender still gets the answer.
    for await (const chunk of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > limit) throw tooLarge;
      chunks.push(chunk);
    }
  } catch (error) {
    if (error === tooLarge) throw error;
    throw new ApiError('bad-request', 'The connection ended within the body.');
  }
  return Buffer.concat(chunks);
}

/** Hands the body on unread: no request without a key has its body parsed. */
export function passBody(
  _request: unknown,
  body: Readable,
  done: (error: null, body: Readable) => void,
): void {
  done(null, body);
}
