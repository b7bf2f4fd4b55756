/** What can go wrong for an API consumer, and how each case is presented (RFC 9457). */

interface Presentation {
  readonly status: number;
  readonly title: string;
}

/** Every problem type of the API: its code ends the `type` URN, its status and title are fixed. */
export const PROBLEMS = {
  'bad-request': { status: 400, title: 'Bad request' },
  'invalid-parameter': { status: 400, title: 'Invalid parameter' },
  unauthorized: { status: 401, title: 'An API key is required' },
  'insufficient-scope': { status: 403, title: 'The API key lacks the scope' },
  'not-found': { status: 404, title: 'No such resource' },
  'method-not-allowed': { status: 405, title: 'Method not allowed' },
  'request-timeout': { status: 408, title: 'The request took too long' },
  'precondition-failed': { status: 412, title: 'Conditional requests are not supported' },
  'content-too-large': { status: 413, title: 'The request is too large' },
  'unsupported-media-type': { status: 415, title: 'Unsupported media type' },
  'range-not-satisfiable': { status: 416, title: 'Range requests are not supported' },
  'unprocessable-content': { status: 422, title: 'Invalid request' },
  'rate-limited': { status: 429, title: 'Too many requests' },
  'quota-used-up': { status: 429, title: 'The quota is used up' },
  'headers-too-large': { status: 431, title: 'The request headers are too large' },
  'internal-error': { status: 500, title: 'Internal error' },
  'too-little-entropy': { status: 503, title: 'Too little entropy' },
  unavailable: { status: 503, title: 'Service unavailable' },
  'http-version-not-supported': { status: 505, title: 'HTTP/1.1 is required' },
} as const satisfies Record<string, Presentation>;

export type ApiErrorCode = keyof typeof PROBLEMS;

export interface ParameterError {
  readonly name: string;
  readonly detail: string;
}

interface ApiErrorExtras {
  readonly retryAfterSecs?: number;
  readonly errors?: readonly ParameterError[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** An error that the client gets to see; `detail` says what was wrong and what to do. */
export class ApiError extends Error {
  constructor(
    readonly code: ApiErrorCode,
    readonly detail: string,
    readonly extras: ApiErrorExtras = {},
  ) {
    super(detail);
    this.name = 'ApiError';
  }
}

/** What cannot be done now, and may work in a moment. */
export function unavailable(detail: string, retryAfterSecs = 1): ApiError {
  return new ApiError('unavailable', detail, { retryAfterSecs });
}

/** Instead of what waits, or begins, while the gateway stops. */
export function stopping(): ApiError {
  return unavailable('This gateway is stopping.');
}
