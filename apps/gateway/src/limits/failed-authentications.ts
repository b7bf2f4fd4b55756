/** Counts failed authentications by network, so that keys cannot be guessed, nor the gateway kept busy, from one place. */
import { Inject, Injectable } from '@nestjs/common';
import { addressNetwork } from '../addresses/address-network.js';
import { LimitReports } from './limit-reports.js';
import { RateLimiter } from './rate-limiter.js';
import { RatePolicies } from './rate-policies.js';

export const NETWORK_RATES = Symbol('RateLimiter of networks');

@Injectable()
export class FailedAuthentications {
  constructor(
    @Inject(NETWORK_RATES) private readonly rates: RateLimiter,
    private readonly policies: RatePolicies,
    private readonly reports: LimitReports,
  ) {}

  /**
   * Counts a failure from `address`.
   *
   * @param client whose key was sent, if it was one that is not valid now.
   * @throws {ApiError} `rate-limited` when its network has failed too often.
   */
  count(address: string, reason: string, client?: string): void {
    const verdict = this.rates.hit(addressNetwork(address), this.policies.common);
    if (verdict.refused !== undefined) throw this.reports.refuseAddress(verdict, address);
    this.reports.authenticationFailed(address, reason, client);
  }
}
