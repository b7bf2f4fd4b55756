/** The answer to a request without a valid API key. It says that one is needed, and nothing else. */
import type { FastifyRequest } from 'fastify';
import { ApiError } from '../problem/api-error.js';

/** Query parameters that people try to send a key in; there it would end up in logs and histories. */
const KEY_PARAMETERS = ['api_key', 'apikey', 'api-key', 'key', 'token', 'access_token'];

export function unauthorized({ query }: FastifyRequest): ApiError {
  const inQuery = KEY_PARAMETERS.some((name) => Object.hasOwn(query as object, name));
  const detail = 'Send a valid API key as Authorization: Bearer KEY.';
  return new ApiError('unauthorized', inQuery ? `${detail} A key in the query string is not read.` : detail, {
    headers: { 'www-authenticate': 'Bearer' },
  });
}
