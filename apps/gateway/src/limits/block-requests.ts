/** `npm run unblock`: lists the clients and networks that are blocked, and lets them in again. */
import { Inject, Injectable } from '@nestjs/common';
import { addressNetwork } from '../addresses/address-network.js';
import { AuditTrail } from '../audit/audit-trail.js';
import { logEvent } from '../log-events.js';
import { OperatorRequests } from '../state/operator-requests.js';
import { NETWORK_RATES } from './failed-authentications.js';
import { RateLimiter } from './rate-limiter.js';
import { CLIENT_RATES } from './request-limits.js';

@Injectable()
export class BlockRequests {
  #tell: (name: string) => void = () => undefined;

  constructor(
    @Inject(CLIENT_RATES) private readonly clients: RateLimiter,
    @Inject(NETWORK_RATES) private readonly networks: RateLimiter,
    private readonly audit: AuditTrail,
    requests: OperatorRequests,
  ) {
    requests.handle('blocks', () => this.#list());
    requests.handle('unblock', (names) => names.map((name) => this.#unblock(name)));
  }

  /** Has `tell` called when a client or network was let in: workers let it in, too. */
  whenLetIn(tell: (name: string) => void): void {
    this.#tell = tell;
  }

  /** Ends the blocks of a client, or of the network of an address; false when there is none. */
  letIn(name: string): boolean {
    // A client that is blocked on a route with limits of its own is known there as `NAME ROUTE`.
    const routes = this.clients
      .blocked()
      .map(({ key }) => key)
      .filter((key) => key === name || key.startsWith(`${name} `));
    const ended = [
      ...routes.filter((key) => this.clients.unblock(key)),
      ...[addressNetwork(name)].filter((key) => this.networks.unblock(key)),
    ];
    return ended.length > 0;
  }

  #list(): string[] {
    const lines = (kind: string, rates: RateLimiter): string[] =>
      rates.blocked().map(({ key, secs }) => `${kind} ${key}: blocked for ${secs} s more`);
    return [...lines('client', this.clients), ...lines('network', this.networks)];
  }

  #unblock(name: string): string {
    const letIn = this.letIn(name);
    this.#tell(name); // a worker may have blocked it a moment ago
    if (!letIn) return `${name}: is not blocked`;
    logEvent('log', 'unblocked', { name });
    this.audit.record('unblocked', { reason: name });
    return `${name}: let in again`;
  }
}
