/** Reports every request that a limit refuses: to the client, in the metrics and in the audit trail. */
import { Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Counter } from 'prom-client';
import { AuditTrail } from '../audit/audit-trail.js';
import { EventLimit } from '../audit/event-limit.js';
import { logEvent } from '../log-events.js';
import { ApiError } from '../problem/api-error.js';
import { retryAfterSecs } from './rate-limiter.js';
import type { RateVerdict } from './rate-limiter.js';

/** The client label where nobody has authenticated; no key can have this name. */
const NOBODY = '(unauthenticated)';

@Injectable()
export class LimitReports {
  /** Strangers can have their networks blocked, as many as they have. */
  readonly #logLimit = new EventLimit<'client-blocked'>();

  constructor(
    @InjectMetric('qrng_rate_limited_total') private readonly limited: Counter<'client'>,
    @InjectMetric('qrng_auth_failures_total') private readonly failures: Counter,
    private readonly audit: AuditTrail,
  ) {
    limited.inc({ client: NOBODY }, 0);
  }

  /** An authentication failed; `client` is the one whose key was sent, if it was one that is not valid now. */
  authenticationFailed(source: string, reason: string, client?: string): void {
    this.failures.inc();
    this.audit.record('authentication-failed', { source, reason, client });
  }

  refuseAddress(verdict: RateVerdict, source: string): ApiError {
    this.#record(verdict, source);
    return this.#rateLimited(verdict, 'Too many requests without a valid API key came from your network.');
  }

  refuseClient(verdict: RateVerdict, source: string, client: string): ApiError {
    this.#record(verdict, source, client);
    const detail =
      verdict.refused === 'blocked'
        ? 'This API key is blocked for a while: it went on after it was refused.'
        : 'Too many requests with this API key; RateLimit-Policy has its limits.';
    return this.#rateLimited(verdict, detail);
  }

  refuseStream(client: string, source: string, most: number): ApiError {
    this.limited.inc({ client });
    this.audit.record('rate-limited', { source, client, reason: 'streams' });
    return new ApiError('rate-limited', `A client can have ${most} streams open at a time.`, {
      retryAfterSecs: 1,
    });
  }

  /** The answer to a client with too few bytes left for the day; `secs` until the next day begins. */
  refuseQuota(client: string, source: string, detail: string, secs: number): ApiError {
    this.limited.inc({ client });
    this.audit.record('quota-used-up', { source, client, reason: detail });
    return new ApiError('quota-used-up', detail, { retryAfterSecs: secs });
  }

  #record({ refused, blockedNow }: RateVerdict, source: string, client?: string): void {
    this.limited.inc({ client: client ?? NOBODY });
    this.audit.record('rate-limited', { source, client, reason: refused });
    if (blockedNow !== true) return;
    this.audit.record('client-blocked', { source, client, reason: 'refused too often' });
    if (this.#logLimit.admits('client-blocked', source, performance.now())) {
      logEvent('warn', 'client-blocked', { client: client ?? NOBODY, source });
    }
  }

  #rateLimited(verdict: RateVerdict, detail: string): ApiError {
    return new ApiError('rate-limited', detail, { retryAfterSecs: retryAfterSecs(verdict) });
  }
}
