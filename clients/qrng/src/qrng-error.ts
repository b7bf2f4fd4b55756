/** What can go wrong between a consumer and the gateway. */

/**
 * - `unreachable`: no connection, or it broke before the answer was complete
 * - `untrusted`: the gateway's certificate could not be verified
 * - `unavailable`: 503, too little entropy or not ready
 * - `limited`: 429, rate limit or quota
 * - `unauthorized`, `forbidden`: 401 and 403, the key
 * - `invalid`: 400, a parameter that the gateway refused
 * - `unexpected`: anything else, also an answer that is not what was asked for
 */
export type QrngErrorCode =
  | 'unreachable'
  | 'untrusted'
  | 'unavailable'
  | 'limited'
  | 'unauthorized'
  | 'forbidden'
  | 'invalid'
  | 'unexpected';

export interface QrngErrorDetails {
  /** HTTP status of the answer, where there was one. */
  readonly status?: number | undefined;
  /** How long the gateway asks to wait before the next request. */
  readonly retryAfterMs?: number | undefined;
  /** `X-Request-Id` of the answer: the gateway's operator finds the request by it. */
  readonly requestId?: string | undefined;
  readonly cause?: unknown;
}

/** A request that gave no entropy. Nothing replaces what is missing: there is no fallback. */
export class QrngError extends Error {
  readonly status: number | undefined;
  readonly retryAfterMs: number | undefined;
  readonly requestId: string | undefined;

  constructor(
    readonly code: QrngErrorCode,
    message: string,
    { status, retryAfterMs, requestId, cause }: QrngErrorDetails = {},
  ) {
    super(message, { cause });
    this.name = 'QrngError';
    this.status = status;
    this.retryAfterMs = retryAfterMs;
    this.requestId = requestId;
  }

  /** Whether the same request may succeed later. */
  get isTransient(): boolean {
    return this.code === 'unreachable' || this.code === 'unavailable' || this.code === 'limited';
  }
}
