/** Counts the requests of clients: in this process, or where gateways share a pool, of all of them together. */
import { Inject, Injectable } from '@nestjs/common';
import { InjectThrottlerStorage } from '@nestjs/throttler';
import { addressNetwork } from '../addresses/address-network.js';
import { LimitReports } from './limit-reports.js';
import { RateLimiter } from './rate-limiter.js';
import type { RatePolicy, RateVerdict } from './rate-limiter.js';
import { SharedLimits } from './redis/shared-limits.js';

@Injectable()
export class RequestLimits {
  constructor(
    @InjectThrottlerStorage() private readonly storage: RateLimiter,
    @Inject(SharedLimits) private readonly shared: SharedLimits | undefined,
    private readonly reports: LimitReports,
  ) {}

  /**
   * Counts a request, if the policy admits it.
   *
   * @throws {ApiError} `rate-limited` when the address failed to authenticate too often, at whichever gateway.
   */
  hit(client: string, policy: RatePolicy, address: string): RateVerdict | Promise<RateVerdict> {
    if (this.shared?.areUp === true) {
      return this.shared.countNow(client, policy) ?? this.#hitTogether(this.shared, client, policy, address);
    }
    return this.storage.hit(client, policy);
  }

  async #hitTogether(
    shared: SharedLimits,
    name: string,
    policy: RatePolicy,
    address: string,
  ): Promise<RateVerdict> {
    const verdict = await shared.count({ network: addressNetwork(address), client: { name, policy } });
    if (verdict === undefined) return this.storage.hit(name, policy);
    if (verdict.of === 'network') throw this.reports.refuseAddress(verdict, address);
    return verdict;
  }
}
