/** Counts the requests of clients, refuses those beyond their limits, and says in each answer what is left. */
import { Inject, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Client } from '../clients/client.js';
import { LimitReports } from './limit-reports.js';
import { limitField, policyField } from './rate-limit-fields.js';
import type { Standing } from './rate-limit-fields.js';
import { RateLimiter } from './rate-limiter.js';
import type { RatePolicy } from './rate-limiter.js';
import { RatePolicies } from './rate-policies.js';
import type { RouteLimits } from './rate-policies.js';
import { UsageBook } from './usage-book.js';

export const CLIENT_RATES = Symbol('RateLimiter of clients');

declare module 'fastify' {
  interface FastifyRequest {
    /** The client's state in its limits; set by RequestLimits. */
    standing: Standing | undefined;
  }
}

/** The limits of one client, and the RateLimit-Policy field that names them. */
interface ClientLimits {
  readonly key: string;
  readonly policy: RatePolicy;
  readonly field: string;
  /** The policy of all, from which this one was made. */
  readonly common: RatePolicy;
}

@Injectable()
export class RequestLimits {
  readonly #limits = new WeakMap<Client, ClientLimits>();

  constructor(
    private readonly policies: RatePolicies,
    @Inject(CLIENT_RATES) private readonly rates: RateLimiter,
    private readonly reports: LimitReports,
    private readonly usage: UsageBook,
  ) {}

  /**
   * Counts a request of `client` and writes the RateLimit fields of its answer.
   *
   * @param route limits that each client has on this route, in the place of its own.
   * @throws {ApiError} `rate-limited`.
   */
  enforce(client: Client, request: FastifyRequest, reply: FastifyReply, route?: RouteLimits): void {
    const { key, policy, field } = route ? this.#ofRoute(client, route) : this.#ofClient(client);
    const standing = { policy, verdict: this.rates.hit(key, policy) };
    request.standing = standing;
    void reply
      .header('ratelimit-policy', field)
      .header('ratelimit', limitField(standing, this.usage.quotaOf(client)));
    if (standing.verdict.refused !== undefined) {
      throw this.reports.refuseClient(standing.verdict, request.ip, client.name);
    }
    this.usage.countRequest(client.name);
  }

  #ofClient(client: Client): ClientLimits {
    const { common } = this.policies;
    const known = this.#limits.get(client);
    if (known?.common === common) return known;
    const policy = this.policies.ofKey(client.requestsPerMinute);
    const limits = { key: client.name, policy, field: policyField(policy, client.bytesPerDay), common };
    this.#limits.set(client, limits);
    return limits;
  }

  /** No name of a client has a space in it. */
  #ofRoute(client: Client, route: RouteLimits): ClientLimits {
    const { policy: own, common } = this.#ofClient(client);
    const policy = this.policies.ofRoute(route, own);
    const key = `${client.name} ${route.route}`;
    return { key, policy, field: policyField(policy, client.bytesPerDay), common };
  }
}
