/** Admits an authenticated request if its client is within its limits, and tells it where it stands. */
import { Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Client } from '../clients/client.js';
import { GatewaySettings } from '../settings.js';
import { LimitReports } from '../limits/limit-reports.js';
import { limitField, policyField } from '../limits/rate-limit-fields.js';
import type { RatePolicy, RateVerdict } from '../limits/rate-limiter.js';
import { ratePolicy } from '../limits/rate-policy.js';
import { RequestLimits } from '../limits/request-limits.js';
import { UsageBook } from '../limits/usage-book.js';

interface Limits {
  readonly policy: RatePolicy;
  readonly field: string;
}

/**
 * In the place of Throttler's own guard, on the storage that ThrottlerModule provides: the limits are those of the client,
 * not of the route, and nothing here waits unless Redis is asked. Throttler's guard asks for the metadata of each route
 * and awaits nine times, which costs more than all of the rest of a request.
 */
@Injectable()
export class ClientThrottlerGuard implements CanActivate {
  readonly #limits = new WeakMap<Client, Limits>();

  constructor(
    private readonly requests: RequestLimits,
    private readonly settings: GatewaySettings,
    private readonly reports: LimitReports,
    private readonly usage: UsageBook,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const limited = this.limit(
      context.getArgByIndex<FastifyRequest>(0),
      context.getArgByIndex<FastifyReply>(1),
    );
    return limited === undefined ? true : limited.then(() => true);
  }

  /**
   * Counts the request, if it is authenticated.
   *
   * @throws {ApiError} `rate-limited`.
   */
  limit(request: FastifyRequest, reply: FastifyReply): Promise<void> | undefined {
    const { client } = request;
    if (client === undefined) return undefined;
    const verdict = this.requests.hit(client.name, this.#limitsOf(client).policy, request.ip);
    if (verdict instanceof Promise) {
      return verdict.then((later) => this.#enforce(client, later, request, reply));
    }
    this.#enforce(client, verdict, request, reply);
    return undefined;
  }

  #enforce(client: Client, verdict: RateVerdict, request: FastifyRequest, reply: FastifyReply): void {
    const { policy, field } = this.#limitsOf(client);
    void reply.header('ratelimit-policy', field).header('ratelimit', limitField(verdict, policy));
    if (verdict.refused !== undefined) throw this.reports.refuseClient(verdict, request.ip, client.name);
    this.usage.countRequest(client.name);
  }

  #limitsOf(client: Client): Limits {
    const known = this.#limits.get(client);
    if (known !== undefined) return known;
    const policy = ratePolicy(this.settings, client.requestsPerMinute);
    const limits = { policy, field: policyField(policy) };
    this.#limits.set(client, limits);
    return limits;
  }
}
