/**
 * Finds out who sends a request:
 *
 *   limit of the address -> bearer token -> key, known and valid now -> client
 *
 * Whoever fails learns that a key is needed, and nothing else; the audit trail learns why.
 */
import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Clock } from '../clock.js';
import { FailedAuthentications } from '../limits/failed-authentications.js';
import { ApiError } from '../problem/api-error.js';
import { invalidity } from '../clients/api-key.js';
import { ApiKeys } from './api-keys.js';
import { bearerToken } from './bearer-token.js';
import type { Client } from '../clients/client.js';

/** Query parameters that people try to send a key in; there it would end up in logs and histories. */
const KEY_PARAMETERS = ['api_key', 'apikey', 'api-key', 'key', 'token', 'access_token'];

@Injectable()
export class Authenticator {
  constructor(
    private readonly keys: ApiKeys,
    private readonly failures: FailedAuthentications,
    private readonly clock: Clock,
  ) {}

  /**
   * The client whose key the request carries.
   *
   * @param also recognises tokens that are no API keys.
   * @throws {ApiError} `rate-limited` when the address failed too often; `unauthorized`.
   */
  authenticate(
    request: FastifyRequest,
    also?: (token: string) => Client | undefined,
  ): Client | Promise<never> {
    this.failures.refuseExcess(request.ip);
    const token = bearerToken(request);
    if (token === undefined) return this.#fail(request, 'no bearer token');
    const other = also?.(token);
    if (other !== undefined) return other;
    const key = this.keys.find(token);
    if (key === undefined) return this.#fail(request, 'unknown key');
    const reason = invalidity(key, this.clock.now());
    if (reason !== undefined) return this.#fail(request, `${reason} key`, key.client.name);
    return key.client;
  }

  /** Counts the failure, which takes a while where gateways count together, and refuses the request. */
  #fail(request: FastifyRequest, reason: string, client?: string): Promise<never> {
    const counted = this.failures.count(request.ip, reason, client);
    if (counted === undefined) throw unauthorized(request);
    return counted.then(() => {
      throw unauthorized(request);
    });
  }
}

/** The answer to a request without a valid key. */
export function unauthorized(request: FastifyRequest): ApiError {
  const inQuery = KEY_PARAMETERS.some((name) => Object.hasOwn(request.query as object, name));
  const detail = 'Send a valid API key as Authorization: Bearer KEY.';
  return new ApiError('unauthorized', inQuery ? `${detail} A key in the query string is not read.` : detail, {
    headers: { 'www-authenticate': 'Bearer' },
  });
}
