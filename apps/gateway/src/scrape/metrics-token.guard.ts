/** Admits to /metrics: everybody where no `QRNG_METRICS_TOKEN` is set, else that token, or a key with the scope metrics. */
import { Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Authenticator } from '../gate/authenticator.js';
import type { Client } from '../clients/client.js';
import { equalSecrets } from '../gate/equal-secrets.js';
import { demandScope } from '../gate/scope.guard.js';
import { ClientThrottlerGuard } from '../gate/client-throttler.guard.js';
import { GatewaySettings } from '../settings.js';

/** Whoever has the token. */
const SCRAPER: Client = {
  name: '(metrics token)',
  scopes: ['metrics'],
  bytesPerDay: undefined,
  requestsPerMinute: undefined,
};

@Injectable()
export class MetricsTokenGuard implements CanActivate {
  constructor(
    private readonly settings: GatewaySettings,
    private readonly authenticator: Authenticator,
    private readonly throttler: ClientThrottlerGuard,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const expected = this.settings.QRNG_METRICS_TOKEN;
    if (expected === undefined) return true;
    const request = context.getArgByIndex<FastifyRequest>(0);
    const client = this.authenticator.authenticate(request, (token) =>
      equalSecrets(token, expected) ? SCRAPER : undefined,
    );
    if (client instanceof Promise) return client;
    request.client = client;
    demandScope(request, ['metrics']);
    if (client === SCRAPER) return true; // no limit: what watches the gateway must see it under load, too
    const limited = this.throttler.limit(request, context.getArgByIndex<FastifyReply>(1));
    return limited === undefined ? true : limited.then(() => true);
  }
}
