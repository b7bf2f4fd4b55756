/** The body of an error answer: problem details (RFC 9457). */
import { PROBLEMS } from './api-error.js';
import type { ApiErrorCode, ParameterError } from './api-error.js';

export const PROBLEM_TYPE = 'application/problem+json';

export function problemBody(
  code: ApiErrorCode,
  detail: string,
  requestId: string,
  errors?: readonly ParameterError[],
): string {
  const { status, title } = PROBLEMS[code];
  return JSON.stringify({ type: problemUrn(code), title, status, detail, requestId, errors });
}

export function problemUrn(code: string): string {
  return `urn:qrng-dd:problem:${code}`;
}
