/** Refuses requests that carry twice what may come once: Node takes the first one, a proxy before it perhaps the last. */
import type { FastifyRequest } from 'fastify';
import { ApiError } from '../problem/api-error.js';

const [HOST, AUTHORIZATION, CONTENT_LENGTH] = [1, 2, 4] as const;

/** @throws {ApiError} `unauthorized` on a second Authorization, `bad-request` on a second Host or Content-Length. */
export function refuseRepeatedFields({ raw: { rawHeaders } }: FastifyRequest): void {
  let seen = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const bit = bitOf(rawHeaders[at] ?? '');
    if ((seen & bit) !== 0) throw repeated(bit);
    seen |= bit;
  }
}

function repeated(bit: number): ApiError {
  if (bit !== AUTHORIZATION) {
    return new ApiError('bad-request', 'Host or Content-Length came twice; send each once.');
  }
  const headers = { 'www-authenticate': 'Bearer' };
  return new ApiError('unauthorized', 'Send one Authorization field, with one key.', { headers });
}

/** By length first: most fields are none of these. */
function bitOf(name: string): number {
  if (name.length === 4) return name.toLowerCase() === 'host' ? HOST : 0;
  if (name.length === 13) return name.toLowerCase() === 'authorization' ? AUTHORIZATION : 0;
  return name.length === 14 && name.toLowerCase() === 'content-length' ? CONTENT_LENGTH : 0;
}
