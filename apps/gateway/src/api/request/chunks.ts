/** Answers of unknown length, which need the chunked coding of HTTP/1.1 to show that they are whole. */
import type { FastifyRequest } from 'fastify';
import { ApiError } from '../../problem/api-error.js';

export const CHUNKS_NEEDED =
  'Ask with HTTP/1.1: over HTTP/1.0 a stream that was cut looks whole. For nginx in between: proxy_http_version 1.1.';

/**
 * Refuses HTTP/1.0, where the end of the connection is the end of the answer, whatever it lacks.
 *
 * @throws {ApiError} `http-version-not-supported`.
 */
export function demandChunks({ raw: { httpVersion } }: FastifyRequest): void {
  if (httpVersion === '1.0') throw new ApiError('http-version-not-supported', CHUNKS_NEEDED);
}
