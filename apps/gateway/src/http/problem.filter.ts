/** The one place where an error becomes an answer: problem+json (RFC 9457) everywhere, a bare status on /push. */
import { Catch, HttpException } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { logEvent } from '../log-events.js';
import { PacketRefusal } from '../admission/packet-refusal.js';
import { pushAnswer } from '../push/push-refusal.js';
import { ApiError, PROBLEMS } from '../problem/api-error.js';
import type { ApiErrorCode } from '../problem/api-error.js';
import { PROBLEM_TYPE, problemBody } from '../problem/problem-body.js';
import { isPush } from './push-request.js';

/** When a load balancer that got a 503 should look again, in seconds. */
const RETRY_AFTER_SECS = 1;

@Catch()
export class ProblemFilter implements ExceptionFilter {
  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    if (isPush(request)) this.#answerPush(error, request, reply);
    else if (isHealthReport(error)) {
      void reply.code(503).header('retry-after', RETRY_AFTER_SECS).send(error.getResponse());
    } else this.#answerProblem(toApiError(error), error, request, reply);
  }

  /** The status is all that travels back through the diode; 503 and 507 also say when to come again. */
  #answerPush(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const { status, retryAfterSecs } =
      error instanceof PacketRefusal
        ? pushAnswer(error)
        : { status: PROBLEMS[toApiError(error).code].status };
    if (status === undefined) {
      reply.hijack();
      request.raw.socket.destroy(); // a message that was read to its end leaves the socket open on destroy()
      return;
    }
    if (status === 500) this.#logDefect(error, request);
    if (retryAfterSecs !== undefined) void reply.header('retry-after', retryAfterSecs);
    if (status === 408) {
      reply.raw.sendDate = false; // as bare as Node's own answer to a request that does not come
      void reply.header('connection', 'close'); // the rest of the body is not read
    }
    void reply.code(status).send();
  }

  #answerProblem(apiError: ApiError, error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const { status } = PROBLEMS[apiError.code];
    if (status === 500) this.#logDefect(error, request);
    const { errors, headers = {}, retryAfterSecs } = apiError.extras;
    if (retryAfterSecs !== undefined) void reply.header('retry-after', retryAfterSecs);
    void reply
      .code(status)
      .headers(headers)
      .type(PROBLEM_TYPE)
      .send(problemBody(apiError.code, apiError.detail, request.id, errors));
  }

  #logDefect(error: unknown, request: FastifyRequest): void {
    logEvent('error', 'internal-error', { requestId: request.id, err: asError(error) });
  }
}

/** What was thrown, as an error: pino writes the stack of `err`. */
function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

/** Terminus throws its report when something is down; load balancers read it as it is. */
function isHealthReport(error: unknown): error is HttpException {
  if (!(error instanceof HttpException)) return false;
  const report = error.getResponse();
  return typeof report === 'object' && 'details' in report && 'status' in report;
}

/** Nest's and Fastify's own errors (404, 413, 415, ...) become problems too; whatever is not known is a defect of ours. */
function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  const status = statusOf(error);
  const code = (Object.keys(PROBLEMS) as ApiErrorCode[]).find((known) => PROBLEMS[known].status === status);
  if (code === undefined || status === 500) {
    return new ApiError(
      'internal-error',
      'The gateway failed to answer this request; its log has the reason under this requestId.',
    );
  }
  return new ApiError(code, error instanceof Error ? error.message : PROBLEMS[code].title);
}

function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  if (error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number') {
    return error.statusCode;
  }
  return 500;
}
