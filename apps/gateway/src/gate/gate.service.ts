/**
 * Decides on every request that needs an API key, at once, whichever door it came to:
 *
 *   authenticate -> limits of the key -> scope -> the door
 *      | 401, or 429 once its network has failed too often
 *
 * A valid key is compared first, and is never refused for what others behind its address did. A request without one gets
 * 401 or 429 wherever it goes; the audit trail has the reason.
 */
import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { invalidity } from '../clients/api-key.js';
import type { Client, Scope } from '../clients/client.js';
import { Clock } from '../clock.js';
import { FailedAuthentications } from '../limits/failed-authentications.js';
import { RequestLimits } from '../limits/request-limits.js';
import type { RouteLimits } from '../limits/rate-policies.js';
import { ApiError } from '../problem/api-error.js';
import { ApiKeys } from './api-keys.js';
import { requestToken } from './request-token.js';
import { unauthorized } from './unauthorized.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who sent the request; set by Gate. */
    client: Client | undefined;
  }
}

@Injectable()
export class Gate {
  constructor(
    private readonly keys: ApiKeys,
    private readonly failures: FailedAuthentications,
    private readonly limits: RequestLimits,
    private readonly clock: Clock,
  ) {}

  /**
   * Takes all three decisions, for doors without a guard.
   *
   * @param scopes any one of them is enough; none: any key is.
   * @param other recognizes tokens that are no API keys; these have no limits.
   * @throws {ApiError} `bad-request`, `unauthorized`, `rate-limited`, `insufficient-scope`.
   */
  admit(
    request: FastifyRequest,
    reply: FastifyReply,
    scopes: readonly Scope[],
    other?: (token: string) => Client | undefined,
  ): void {
    const token = requestToken(request);
    request.client = token === undefined ? undefined : other?.(token);
    if (request.client === undefined) {
      this.authenticate(request);
      this.limit(request, reply);
    }
    if (scopes.length > 0) this.demandScope(request, scopes);
  }

  /**
   * Finds out which client sent the request.
   *
   * @throws {ApiError} `bad-request` when two fields carry a key; `unauthorized` without a valid key, or `rate-limited`
   *   when too many such requests came from its network.
   */
  authenticate(request: FastifyRequest): void {
    const token = requestToken(request);
    const key = token === undefined ? undefined : this.keys.find(token);
    const reason = key === undefined ? undefined : invalidity(key, this.clock.now());
    if (key !== undefined && reason === undefined) {
      request.client = key.client;
      return;
    }
    const noKey = token === undefined ? 'no API key' : 'unknown key';
    this.failures.count(request.ip, reason === undefined ? noKey : `${reason} key`, key?.client.name);
    throw unauthorized(request);
  }

  /**
   * Counts an authenticated request against the limits of its client, and writes the RateLimit fields of the answer.
   *
   * @param route limits that its route sets instead.
   * @throws {ApiError} `rate-limited`.
   */
  limit(request: FastifyRequest, reply: FastifyReply, route?: RouteLimits): void {
    if (request.client !== undefined) this.limits.enforce(request.client, request, reply, route);
  }

  /**
   * Refuses a request whose client has none of the scopes.
   *
   * @throws {ApiError} `insufficient-scope` (RFC 6750, section 3.1).
   */
  demandScope({ client }: FastifyRequest, scopes: readonly Scope[]): void {
    if (client !== undefined && scopes.some((scope) => client.scopes.includes(scope))) return;
    const detail = `This API key lacks the scope ${scopes.join(' or ')}; ask the operator for it.`;
    throw new ApiError('insufficient-scope', detail, {
      headers: { 'www-authenticate': `Bearer error="insufficient_scope", scope="${scopes.join(' ')}"` },
    });
  }
}
