/** Reads the token of a request: `Authorization: Bearer TOKEN` (RFC 6750, section 2.1) or `X-API-KEY: TOKEN`. */
import type { FastifyRequest } from 'fastify';
import { TOKEN } from '../clients/token.js';
import { ApiError } from '../problem/api-error.js';

const BEARER = new RegExp(`^Bearer (${TOKEN})$`, 'i');
const BARE = new RegExp(`^${TOKEN}$`);

/**
 * The token, or nothing when there is none, or none of this form.
 *
 * @throws {ApiError} `bad-request` when both fields are there: which one counts would depend on who reads the request.
 */
export function requestToken({ headers }: FastifyRequest): string | undefined {
  const { authorization, 'x-api-key': apiKey } = headers;
  if (apiKey === undefined) return authorization && BEARER.exec(authorization)?.[1];
  if (authorization !== undefined) {
    throw new ApiError('bad-request', 'Send either Authorization or X-API-KEY, not both.');
  }
  return typeof apiKey === 'string' && BARE.test(apiKey) ? apiKey : undefined;
}
