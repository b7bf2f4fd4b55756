/** `npm run unblock`: lists the clients and networks that are blocked, and lets them in again. */
import { Inject, Injectable } from '@nestjs/common';
import { addressNetwork } from '../addresses/address-network.js';
import { AuditTrail } from '../audit/audit-trail.js';
import { logEvent } from '../log-events.js';
import { GatewaySettings, workersOf } from '../settings.js';
import { OperatorRequests } from '../state/operator-requests.js';
import { NETWORK_RATES } from './failed-authentications.js';
import { RateLimiter } from './rate-limiter.js';
import { CLIENT_RATES } from './request-limits.js';

/** What is said where the counts are not this process's. */
const IN_WORKERS =
  'With QRNG_WORKERS the workers keep the blocks, and they cannot be shown or ended: wait, or restart the gateway.';

@Injectable()
export class BlockRequests {
  constructor(
    @Inject(CLIENT_RATES) private readonly clients: RateLimiter,
    @Inject(NETWORK_RATES) private readonly networks: RateLimiter,
    private readonly audit: AuditTrail,
    requests: OperatorRequests,
    settings: GatewaySettings,
  ) {
    const isAlone = workersOf(settings) === 1;
    requests.handle('blocks', () => (isAlone ? this.#list() : [IN_WORKERS]));
    requests.handle('unblock', (names) => {
      return isAlone ? names.map((name) => this.#unblock(name)) : [IN_WORKERS];
    });
  }

  #list(): string[] {
    const lines = (kind: string, rates: RateLimiter): string[] =>
      rates.blocked().map(({ key, secs }) => `${kind} ${key}: blocked for ${secs} s more`);
    return [...lines('client', this.clients), ...lines('network', this.networks)];
  }

  /** A client that is blocked on a route with limits of its own is known there as `NAME ROUTE`. */
  #unblock(name: string): string {
    const routes = this.clients
      .blocked()
      .map(({ key }) => key)
      .filter((key) => key === name || key.startsWith(`${name} `));
    const unblocked = [
      ...routes.filter((key) => this.clients.unblock(key)),
      ...[addressNetwork(name)].filter((key) => this.networks.unblock(key)),
    ];
    if (unblocked.length === 0) return `${name}: is not blocked`;
    logEvent('log', 'unblocked', { name });
    this.audit.record('unblocked', { reason: name });
    return `${name}: let in again`;
  }
}
