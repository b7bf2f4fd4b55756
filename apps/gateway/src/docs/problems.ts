/** How OpenAPI describes errors: one schema, and one answer for each status, with an example for each problem type. */
import { PROBLEMS } from '../problem/api-error.js';
import type { ApiErrorCode } from '../problem/api-error.js';
import { PROBLEM_TYPE, problemUrn } from '../problem/problem-body.js';

const TEXT = { type: 'string' };

export const PROBLEM_SCHEMA = {
  type: 'object',
  description: 'What went wrong (RFC 9457).',
  required: ['type', 'title', 'status', 'detail', 'requestId'],
  additionalProperties: false,
  properties: {
    type: {
      type: 'string',
      enum: Object.keys(PROBLEMS).map((code) => problemUrn(code)),
      description: 'What kind of problem it is; stays the same over releases.',
    },
    title: TEXT,
    status: { type: 'integer', minimum: 400, maximum: 599 },
    detail: { ...TEXT, description: 'What was wrong in this request, and what to do.' },
    requestId: { ...TEXT, description: 'The same as X-Request-Id; the log of the gateway has it.' },
    errors: {
      type: 'array',
      description: 'Each parameter that does not hold.',
      items: {
        type: 'object',
        required: ['name', 'detail'],
        additionalProperties: false,
        properties: { name: TEXT, detail: TEXT },
      },
    },
  },
};

/** The fields of answers, by the key that responses refer to. */
const HEADERS = {
  requestId: field('X-Request-Id', 'Names this request in the log of the gateway.', TEXT),
  cacheControl: field('Cache-Control', 'Nothing is ever cached.', { type: 'string', const: 'no-store' }),
  rateLimit: field(
    'RateLimit',
    'What is left: `"window";r=97;t=58, "burst";r=19;t=1` (draft-ietf-httpapi-ratelimit-headers).',
    TEXT,
  ),
  rateLimitPolicy: field(
    'RateLimit-Policy',
    'What this key may do: `"window";q=100;w=60, "burst";q=20;w=1`.',
    TEXT,
  ),
  retryAfter: field('Retry-After', 'Seconds after which to come again.', { type: 'integer', minimum: 1 }),
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
    description: 'A parameter does not hold, is missing, given twice or unknown.',
    details: { 'invalid-parameter': 'bytes must be a whole number from 1 to 65536.' },
  },
  401: {
    description: 'There is no valid API key in the Authorization field.',
    details: { unauthorized: 'Send a valid API key as Authorization: Bearer KEY.' },
    headers: ['authenticate'],
  },
  403: {
    description: 'The API key lacks the scope.',
    details: { 'insufficient-scope': 'This API key lacks the scope status; ask the operator for it.' },
    headers: ['authenticate'],
  },
  412: {
    description: 'The request has a condition, which cannot mean anything here.',
    details: { 'precondition-failed': 'Ask without if-none-match: no answer is ever given twice.' },
  },
  416: {
    description: 'The request asks for a range, which cannot mean anything here.',
    details: { 'range-not-satisfiable': 'Ask for as many bytes as you need, without Range.' },
  },
  429: {
    description: 'The key, or the address, asks too often or has used its quota up.',
    details: {
      'rate-limited': 'This API key asks too often; the RateLimit field says how often it may.',
      'quota-used-up':
        'This API key has 0 of its 1048576 bytes for the day left; the quota is renewed at 00:00 UTC.',
    },
    headers: ['retryAfter'],
  },
  503: {
    description: 'The pool holds too little entropy; nothing was taken.',
    details: {
      'too-little-entropy': 'The pool holds 12 bytes and this request can need 32; come again later.',
    },
    headers: ['retryAfter'],
  },
  '4XX': {
    description: 'Any other error of the request.',
    details: {
      'request-timeout': 'The request did not arrive in time; send it in one go.',
      'headers-too-large': 'The request line and the header fields may have 8 KiB together.',
    },
  },
  500: {
    description: 'A defect of the gateway.',
    details: {
      'internal-error':
        'The request met a defect of the gateway; its log has the reason under this requestId.',
    },
  },
} as const satisfies Record<string, ProblemAnswer>;

export type ProblemStatus = keyof typeof ANSWERS;

/** Each of the answers, by its name among the components. */
export function problemResponses(): Record<string, object> {
  return Object.fromEntries(
    Object.entries<ProblemAnswer>(ANSWERS).map(([status, answer]) => [`Problem${status}`, response(answer)]),
  );
}

/** A reference to the answer with this status. */
export function problemReference(status: ProblemStatus): object {
  return { $ref: `#/components/responses/Problem${status}` };
}

/** References to header fields, by their names. */
export function headerReferences(keys: readonly HeaderKey[]): Record<string, object> {
  return Object.fromEntries(
    keys.map((key) => [HEADERS[key].name, { $ref: `#/components/headers/${HEADERS[key].name}` }]),
  );
}

/** The fields themselves, by their names. */
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
        schema: { $ref: '#/components/schemas/Problem' },
        examples: Object.fromEntries(examples) as Record<string, object>,
      },
    },
  };
}

function example(code: string, detail: string): object {
  const { status, title } = PROBLEMS[code as ApiErrorCode];
  const errors = code === 'invalid-parameter' ? { errors: [{ name: 'bytes', detail }] } : {};
  const requestId = '0e0c1f5e-6f0b-4a57-8a3e-2f6f6b1d9c11';
  return { type: problemUrn(code), title, status, detail, requestId, ...errors };
}

function field(name: string, description: string, schema: object): { name: string; header: object } {
  return { name, header: { description, schema } };
}
