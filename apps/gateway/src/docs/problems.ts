/** How OpenAPI describes errors: one answer for each status, with an example for each kind of problem. */
import { getSchemaPath } from '@nestjs/swagger';
import { CHUNKS_NEEDED } from '../api/request/chunks.js';
import { PROBLEMS } from '../problem/api-error.js';
import type { ApiErrorCode } from '../problem/api-error.js';
import { PROBLEM_TYPE, problemUrn } from '../problem/problem-body.js';
import { ProblemDto } from './problem.dto.js';

const TEXT = { type: 'string' };

/** The fields of answers, by the key that responses refer to. */
const HEADERS = {
  requestId: field('X-Request-Id', 'ID of this request, also in the log of the gateway.', TEXT),
  cacheControl: field('Cache-Control', 'Answers are never cached.', { type: 'string', const: 'no-store' }),
  rateLimit: field(
    'RateLimit',
    'What is left of the limits: `"window";r=97;t=58, "burst";r=19;t=1` (draft-ietf-httpapi-ratelimit-headers).',
    TEXT,
  ),
  rateLimitPolicy: field(
    'RateLimit-Policy',
    'The limits of this API key: `"window";q=100;w=60, "burst";q=20;w=1`.',
    TEXT,
  ),
  preferenceApplied: field(
    'Preference-Applied',
    'The preference that was honored, such as `wait=10` (RFC 7240).',
    TEXT,
  ),
  retryAfter: field('Retry-After', 'Seconds to wait before trying again.', {
    type: 'integer',
    format: 'int64',
    minimum: 1,
  }),
  authenticate: field('WWW-Authenticate', 'How to authenticate (RFC 6750).', TEXT),
};

type HeaderKey = keyof typeof HEADERS;

interface ProblemAnswer {
  readonly description: string;
  readonly details: Partial<Record<ApiErrorCode, string>>;
  readonly headers?: readonly HeaderKey[];
}

/** The errors that routes answer with, by status. */
const ANSWERS = {
  400: {
    description:
      'A parameter is invalid, missing, repeated or unknown, or this is no request that HTTP allows.',
    details: {
      'invalid-parameter': 'bytes must be a whole number from 1 to 65536.',
      'bad-request': 'Send a Host field: HTTP/1.1 requires it.',
    },
  },
  401: {
    description: 'No valid API key.',
    details: { unauthorized: 'Send a valid API key as Authorization: Bearer KEY.' },
    headers: ['authenticate'],
  },
  403: {
    description: 'The API key lacks the scope.',
    details: { 'insufficient-scope': 'This API key lacks the scope status; ask the operator for it.' },
    headers: ['authenticate'],
  },
  404: {
    description: 'There is no such receipt of this API key, or no such part of the log.',
    details: { 'not-found': 'There is no receipt 7 of this API key.' },
  },
  408: {
    description: 'The request did not arrive in time.',
    details: { 'request-timeout': 'The request did not arrive in time; send it in one go.' },
  },
  412: {
    description: 'The request has a condition such as If-Match. No answer is ever given twice.',
    details: { 'precondition-failed': 'Ask without if-none-match: no answer is ever given twice.' },
  },
  413: {
    description: 'The body is too large.',
    details: { 'content-too-large': 'The body may have 1024 bytes.' },
  },
  415: {
    description: 'The body is not JSON by its Content-Type.',
    details: { 'unsupported-media-type': 'Send JSON, as Content-Type: application/json.' },
  },
  416: {
    description: 'The request has a Range. Ask for the number of bytes you need.',
    details: { 'range-not-satisfiable': 'Ask for as many bytes as you need, without Range.' },
  },
  422: {
    description:
      'The body is no JSON object, a member is invalid, missing or repeated, or there is a query parameter.',
    details: { 'unprocessable-content': 'block_size must be a whole number from 1 to 65536.' },
  },
  429: {
    description: 'Too many requests, or the quota is used up.',
    details: {
      'rate-limited': 'Too many requests with this API key; RateLimit-Policy has its limits.',
      'quota-used-up':
        'This API key has 0 of its 1048576 bytes for the day left, and this request can need 32; ' +
        'the quota is renewed at 00:00 UTC.',
    },
    headers: ['retryAfter'],
  },
  431: {
    description: 'The request line and the headers are too large.',
    details: { 'headers-too-large': 'The request line and the header fields may have 8 KiB together.' },
  },
  500: {
    description: 'A fault of the gateway.',
    details: {
      'internal-error':
        'The gateway failed to answer this request; its log has the reason under this requestId.',
    },
  },
  503: {
    description: 'Too little entropy, or the gateway is stopping. Nothing was taken.',
    details: {
      'too-little-entropy': 'The pool holds 12 bytes and this request can need 32; try again later.',
    },
    headers: ['retryAfter'],
  },
  505: {
    description: 'HTTP/1.0 cannot carry an answer of unknown length.',
    details: { 'http-version-not-supported': CHUNKS_NEEDED },
  },
} as const satisfies Record<string, ProblemAnswer>;

export type ProblemStatus = keyof typeof ANSWERS;

/** Each of the answers that `refers` to, by its name among the components. @param refers text of a document. */
export function problemResponses(refers: string): Record<string, object> {
  return Object.fromEntries(
    Object.entries<ProblemAnswer>(ANSWERS)
      .filter(([status]) => refers.includes(`/Problem${status}"`))
      .map(([status, answer]) => [`Problem${status}`, response(answer)]),
  );
}

export function problemReference(status: ProblemStatus): object {
  return { $ref: `#/components/responses/Problem${status}` };
}

export function headerReferences(keys: readonly HeaderKey[]): Record<string, object> {
  return Object.fromEntries(
    keys.map((key) => [HEADERS[key].name, { $ref: `#/components/headers/${HEADERS[key].name}` }]),
  );
}

export function headerComponents(): Record<string, object> {
  return Object.fromEntries(Object.values(HEADERS).map(({ name, header }) => [name, header]));
}

function response({ description, details, headers = [] }: ProblemAnswer): object {
  const examples = Object.entries(details).map(([code, detail]) => [code, { value: example(code, detail) }]);
  return {
    description,
    headers: headerReferences(['requestId', 'cacheControl', ...headers]),
    content: {
      [PROBLEM_TYPE]: {
        schema: { $ref: getSchemaPath(ProblemDto) },
        examples: Object.fromEntries(examples) as Record<string, object>,
      },
    },
  };
}

/** Problems that name each invalid parameter. */
const NAMING = ['invalid-parameter', 'unprocessable-content'];

function example(code: string, detail: string): object {
  const { status, title } = PROBLEMS[code as ApiErrorCode];
  const errors = NAMING.includes(code) ? { errors: [parameterError(detail)] } : {};
  const requestId = '0e0c1f5e-6f0b-4a57-8a3e-2f6f6b1d9c11';
  return { type: problemUrn(code), title, status, detail, requestId, ...errors };
}

/** The first word is the name, as in the answers themselves. */
function parameterError(detail: string): object {
  const [, name, rest] = /^(\S+) (.*)\.$/.exec(detail) ?? [];
  return { name, detail: rest };
}

function field(name: string, description: string, schema: object): { name: string; header: object } {
  return { name, header: { description, schema } };
}
