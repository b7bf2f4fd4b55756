/**
 * Refuses requests that carry twice what may come once, since Node takes the first one and a proxy before it perhaps the last;
 * and those without a Host.
 */
import type { FastifyRequest } from 'fastify';
import { ApiError } from '../problem/api-error.js';

const [HOST, CONTENT_LENGTH] = [1, 2] as const;

/**
 * A second Authorization is not looked for here: server-options.ts has it joined to the first, which is a key that does
 * not hold, and so it counts as a failed authentication.
 *
 * @throws {ApiError} `bad-request` on a second Host or Content-Length, and on HTTP/1.1 without Host.
 */
export function checkSingleFields({ raw: { rawHeaders, httpVersion } }: FastifyRequest): void {
  let seen = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const bit = bitOf(rawHeaders[at] ?? '');
    if ((seen & bit) !== 0) {
      throw new ApiError('bad-request', 'Host or Content-Length came twice; send each once.');
    }
    seen |= bit;
  }
  if ((seen & HOST) === 0 && httpVersion === '1.1') {
    throw new ApiError('bad-request', 'Send a Host field: HTTP/1.1 requires it.');
  }
}

/** By length first: most fields are none of these. */
function bitOf(name: string): number {
  if (name.length === 4) return name.toLowerCase() === 'host' ? HOST : 0;
  return name.length === 14 && name.toLowerCase() === 'content-length' ? CONTENT_LENGTH : 0;
}
