/** Whether the head of an answer announces raw bytes, as many as were asked for. */
import type { Head } from '#libs/http-head';
import { parseRetryAfter } from '#libs/retry';
import { SourceError } from './source.js';

/** Of a page, an API, or a piece of something. */
const NOT_BYTES = /^(text\/html|multipart\/[a-z]+|application\/(json|xml|xhtml\+xml|problem\+json))\b/;

/**
 * Where the body ends: after its `length`, with the last of its `chunks`, or with the `connection`.
 *
 * @throws {SourceError} when it is not what was asked for.
 */
export function checkHead({ status, headers }: Head, bytes: number): 'length' | 'chunks' | 'connection' {
  if (status >= 300 && status < 400) {
    throw new SourceError('redirect', `answered ${status}, a redirect, which is never followed`, { status });
  }
  // No other 2xx brings all that was asked for: 206 is a part of it.
  if (status !== 200) {
    const retryAfterMs = parseRetryAfter(headers.get('retry-after'), Date.now());
    throw new SourceError('status', `answered ${status}`, {
      status,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  }
  if (NOT_BYTES.test((headers.get('content-type') ?? '').toLowerCase()) || headers.has('content-range')) {
    throw new SourceError('content', 'answered with a page, JSON or a part of something, not with raw bytes');
  }
  const transfer = headers.get('transfer-encoding')?.toLowerCase();
  if (
    (headers.get('content-encoding') ?? 'identity') !== 'identity' ||
    (transfer ?? 'chunked') !== 'chunked'
  ) {
    throw new SourceError('content', 'answered with compressed bytes, not with raw bytes');
  }
  return framingOf(headers.get('content-length'), transfer, bytes);
}

function framingOf(
  length: string | undefined,
  transfer: string | undefined,
  bytes: number,
): ReturnType<typeof checkHead> {
  if (length === undefined) return transfer === undefined ? 'connection' : 'chunks';
  // Two ways to say where it ends: whoever reads the other one sees another answer.
  if (transfer !== undefined) throw new SourceError('protocol', 'announced both a length and chunks');
  if (length === String(bytes)) return 'length';
  throw new SourceError('length', `announced another length than the ${bytes} bytes asked for`);
}
