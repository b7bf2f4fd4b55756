/** Counts failed authentications by address, so that keys cannot be guessed, nor the gateway kept busy, from one place. */
import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '../clock.js';
import { GatewaySettings } from '../settings.js';
import { addressNetwork } from '../addresses/address-network.js';
import { LimitReports } from './limit-reports.js';
import { RateLimiter } from './rate-limiter.js';
import type { RatePolicy } from './rate-limiter.js';
import { SharedLimits } from './redis/shared-limits.js';
import { ratePolicy } from './rate-policy.js';

/** Networks that are remembered; who has more addresses than that can make the first of them forgotten. */
export const MAX_NETWORKS = 10_000;

@Injectable()
export class FailedAuthentications {
  readonly #limiter: RateLimiter;
  readonly #policy: RatePolicy;

  constructor(
    settings: GatewaySettings,
    clock: Clock,
    private readonly reports: LimitReports,
    @Inject(SharedLimits) private readonly shared: SharedLimits | undefined,
  ) {
    this.#limiter = new RateLimiter(() => clock.monotonic(), MAX_NETWORKS);
    this.#policy = ratePolicy(settings, undefined);
  }

  /**
   * Refuses an address that failed too often, whatever it sends now.
   *
   * @throws {ApiError} `rate-limited`.
   */
  refuseExcess(address: string): void {
    if (this.#limiter.size === 0) return;
    const refusal = this.#limiter.check(addressNetwork(address), this.#policy);
    if (refusal !== undefined) throw this.reports.refuseAddress(refusal, address);
  }

  /**
   * Counts a failure; `client` is the one whose key was sent, if it was one that is no longer or not yet valid.
   *
   * @throws {ApiError} `rate-limited` when the address has failed too often, at whichever gateway.
   */
  count(address: string, reason: string, client?: string): Promise<void> | undefined {
    if (this.shared?.areUp === true) return this.#countTogether(this.shared, address, reason, client);
    this.#countAlone(address, reason, client);
    return undefined;
  }

  #countAlone(address: string, reason: string, client?: string): void {
    this.#limiter.count(addressNetwork(address), this.#policy);
    this.reports.authenticationFailed(address, reason, client);
  }

  async #countTogether(
    shared: SharedLimits,
    address: string,
    reason: string,
    client?: string,
  ): Promise<void> {
    const verdict = await shared.count({ network: addressNetwork(address) });
    if (verdict === undefined) this.#countAlone(address, reason, client);
    else if (verdict.refused !== undefined) throw this.reports.refuseAddress(verdict, address);
    else this.reports.authenticationFailed(address, reason, client);
  }
}
