/** Refuses requests that carry twice what may come once: Node takes the first one, a proxy before it perhaps the last. */
import type { FastifyRequest } from 'fastify';
import { ApiError } from '../problem/api-error.js';

/** @throws {ApiError} `bad-request` on a second Host, Authorization or Content-Length. */
export function refuseRepeatedFields({ raw: { rawHeaders } }: FastifyRequest): void {
  let seen = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const bit = bitOf(rawHeaders[at] ?? '');
    if ((seen & bit) !== 0) {
      throw new ApiError('bad-request', `The header field ${rawHeaders[at]} came twice.`);
    }
    seen |= bit;
  }
}

/** By length first: most fields are none of these. */
function bitOf(name: string): number {
  if (name.length === 4) return name.toLowerCase() === 'host' ? 1 : 0;
  if (name.length === 13) return name.toLowerCase() === 'authorization' ? 2 : 0;
  return name.length === 14 && name.toLowerCase() === 'content-length' ? 4 : 0;
}
