/** Errors that Node and the router find before a request reaches any hook of ours; they are problems like all others. */
import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { PROBLEMS } from '../problem/api-error.js';
import type { ApiErrorCode } from '../problem/api-error.js';
import { PROBLEM_TYPE, problemBody } from '../problem/problem-body.js';
import { isPushHead } from './push-request.js';

/** A client has so long to read the answer. */
export const LINGER_MS = 1000;

const DETAILS = {
  'request-timeout': 'The request did not arrive in time; send it in one go.',
  'headers-too-large': 'The request line and the header fields may have 8 KiB together.',
  'bad-request': 'This is not a request that HTTP/1.1 allows.',
} as const satisfies Partial<Record<ApiErrorCode, string>>;

/** What Node keeps on the socket: the answer that is under way on it. */
export interface HttpSocket extends Socket {
  readonly _httpMessage?: ServerResponse | null;
}

interface ClientError extends NodeJS.ErrnoException {
  /** The bytes that Node's parser was reading: a buffer, whatever Fastify's types say. */
  readonly rawPacket?: unknown;
}

/** What is used of Fastify's request and reply, whose types here allow for servers that ours is not. */
interface Exchange {
  readonly id?: string;
  readonly raw: unknown;
  hijack?(): unknown;
}

/** Called with the status of each of these answers: no hook sees them. */
export type OnEarlyAnswer = (status: number) => void;

interface EarlyErrors {
  readonly clientErrorHandler: (error: ClientError, socket: HttpSocket) => void;
  readonly frameworkErrors: (error: Error, request: Exchange, reply: Exchange) => void;
}

export function earlyErrors(onAnswer: OnEarlyAnswer): EarlyErrors {
  return {
    clientErrorHandler: (error, socket) => answerClientError(error, socket, onAnswer),
    frameworkErrors: (_error, { id = '' }, reply) => {
      onAnswer(PROBLEMS['bad-request'].status);
      answerRouterError(id, reply);
    },
  };
}

/** Answers what Node's parser refuses, or what did not arrive in time, and ends the connection. */
function answerClientError(error: ClientError, socket: HttpSocket, onAnswer: OnEarlyAnswer): void {
  const answer = socket._httpMessage ?? undefined;
  const isPush = isPushHead(answer?.req, error.rawPacket);
  // What is wrong then came after a whole request: this would be taken for the answer to that.
  const earlier = answer !== undefined && (answer.headersSent || answer.req.complete) ? answer : undefined;
  // Of a push, whose packet may have been taken, a reset leaves the outcome open.
  if (error.code === 'ECONNRESET' || !socket.writable || (earlier !== undefined && isPush)) {
    socket.destroy();
    return;
  }
  if (earlier !== undefined) {
    endAfter(earlier, socket);
    return;
  }
  const code = codeOf(error);
  onAnswer(PROBLEMS[code].status);
  socket.end(isPush ? bareStatus(code) : wholeAnswer(code));
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}

/** Makes the answer that is under way the last one; nothing more is read. */
function endAfter(answer: ServerResponse, socket: Socket): void {
  socket.pause();
  if (!answer.headersSent) answer.shouldKeepAlive = false;
  else if (answer.writableFinished) socket.destroySoon();
  else answer.once('finish', () => socket.destroySoon());
}

/** Answers a path that the router cannot decode. */
function answerRouterError(id: string, reply: Exchange): void {
  const response = reply.raw as ServerResponse;
  const body = problemBody('bad-request', 'The path is not percent-encoded UTF-8.', id);
  reply.hijack?.();
  response
    .writeHead(PROBLEMS['bad-request'].status, {
      'content-type': `${PROBLEM_TYPE}; charset=utf-8`,
      'content-length': Buffer.byteLength(body),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-request-id': id,
    })
    .end(body);
}

function codeOf(error: NodeJS.ErrnoException): keyof typeof DETAILS {
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') return 'request-timeout';
  return error.code === 'HPE_HEADER_OVERFLOW' ? 'headers-too-large' : 'bad-request';
}

/** All that travels back through the diode. */
function bareStatus(code: ApiErrorCode): string {
  return [statusLine(code), 'Content-Length: 0', 'Connection: close', '', ''].join('\r\n');
}

function wholeAnswer(code: keyof typeof DETAILS): string {
  const requestId = randomUUID();
  const body = problemBody(code, DETAILS[code], requestId);
  return [
    statusLine(code),
    `Content-Type: ${PROBLEM_TYPE}; charset=utf-8`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    'X-Content-Type-Options: nosniff',
    `X-Request-Id: ${requestId}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n');
}

function statusLine(code: ApiErrorCode): string {
  return `HTTP/1.1 ${PROBLEMS[code].status} ${PROBLEMS[code].title}`;
}
