/** Admits an authenticated request if its client is within its limits, and tells it where it stands. */
import { Inject, Injectable } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { InjectThrottlerStorage, ThrottlerGuard } from '@nestjs/throttler';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Client } from '../auth/client.js';
import { GatewaySettings } from '../settings.js';
import { LimitReports } from './limit-reports.js';
import { limitField, policyField } from './rate-limit-fields.js';
import { RateLimiter } from './rate-limiter.js';
import type { RatePolicy } from './rate-limiter.js';
import { ratePolicy } from './rate-policy.js';
import { UsageBook } from './usage-book.js';

interface Limits {
  readonly policy: RatePolicy;
  readonly field: string;
}

/** Made once: a guard of Throttler's kind answers with a promise, and this is all that ours ever says. */
const ADMITTED = Promise.resolve(true);

@Injectable()
export class ClientThrottlerGuard extends ThrottlerGuard {
  readonly #limits = new WeakMap<Client, Limits>();

  constructor(
    @InjectThrottlerStorage() private readonly limiter: RateLimiter,
    // By name, because the base class has named its own second parameter, and that would be inherited.
    @Inject(GatewaySettings) private readonly settings: GatewaySettings,
    private readonly reports: LimitReports,
    private readonly usage: UsageBook,
  ) {
    super([], limiter, new Reflector());
  }

  /** Throttler's own reads its list of limits, and warns that nothing is limited because that one is empty. */
  override onModuleInit(): Promise<void> {
    return Promise.resolve();
  }

  // The limits are those of the client, not of the route, and nothing here waits: Throttler's own canActivate asks for
  // the metadata of each route and awaits nine times, which costs more than all of the rest of a request.
  override canActivate(context: ExecutionContext): Promise<boolean> {
    this.limit(context.getArgByIndex<FastifyRequest>(0), context.getArgByIndex<FastifyReply>(1));
    return ADMITTED;
  }

  /**
   * Counts the request, if it is authenticated.
   *
   * @throws {ApiError} `rate-limited`.
   */
  limit(request: FastifyRequest, reply: FastifyReply): void {
    const { client } = request;
    if (client === undefined) return;
    const { policy, field } = this.#limitsOf(client);
    const verdict = this.limiter.hit(client.name, policy);
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
