/** The routes of the QRNG Open API have no query parameters, and answer 422 where those under /api answer 400. */
import type { FastifyRequest } from 'fastify';
import { NONE } from '../api/request/parameters.js';
import { ApiError } from '../problem/api-error.js';

/** @throws {ApiError} `unprocessable-content`, with each parameter. */
export function refuseQuery(request: FastifyRequest): void {
  try {
    NONE.read(request);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    throw new ApiError('unprocessable-content', error.detail, error.extras);
  }
}
