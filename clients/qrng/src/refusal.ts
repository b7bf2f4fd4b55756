/** Turns an answer other than 200 into an error: problem details (RFC 9457) where the gateway sent them. */
import type { IncomingHttpHeaders } from 'node:http';
import { parseRetryAfter } from '../../../libs/retry/src/retry-after.js';
import { printable } from './printable.js';
import { QrngError } from './qrng-error.js';
import type { QrngErrorCode } from './qrng-error.js';

/** A quota starts again with the UTC day, so the gateway never asks for more. */
const LONGEST_WAIT_MS = 86_400_000;

/** @param body of the answer, at most a few KiB of it. */
export function refusal(status: number, headers: IncomingHttpHeaders, body: string): QrngError {
  const code = codeOf(status);
  const detail = detailOf(headers, body);
  const requestId = headers['x-request-id'];
  return new QrngError(code, detail ?? `the gateway answered ${status}`, {
    status,
    retryAfterMs: parseRetryAfter(headers['retry-after'], Date.now(), LONGEST_WAIT_MS),
    requestId: typeof requestId === 'string' ? printable(requestId) : undefined,
  });
}

function codeOf(status: number): QrngErrorCode {
  switch (status) {
    case 400:
      return 'invalid';
    case 401:
      return 'unauthorized';
    case 403:
      return 'forbidden';
    case 429:
      return 'limited';
    case 502: // a proxy without a gateway behind it
    case 503:
    case 504:
      return 'unavailable';
    default:
      return 'unexpected';
  }
}

/** `detail` or `title` of problem details, as one line. */
function detailOf(headers: IncomingHttpHeaders, body: string): string | undefined {
  if (!/^application\/problem\+json\b/.test(headers['content-type'] ?? '')) return undefined;
  try {
    const { detail, title } = Object(JSON.parse(body)) as Record<string, unknown>;
    const text = [detail, title].find((one) => typeof one === 'string' && one !== '');
    return typeof text === 'string' ? printable(text).replace(/\.$/, '') : undefined;
  } catch {
    return undefined; // the status says enough
  }
}
