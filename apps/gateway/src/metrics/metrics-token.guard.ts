/** Admits to /metrics: everybody where no `QRNG_METRICS_TOKEN` is set, else that token, or a key with the scope metrics. */
import { Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Authenticator } from '../auth/authenticator.js';
import type { Client } from '../auth/client.js';
import { equalSecrets } from '../auth/equal-secrets.js';
import { demandScope } from '../auth/scope.guard.js';
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
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<never> {
    const expected = this.settings.QRNG_METRICS_TOKEN;
    if (expected === undefined) return true;
    const request = context.getArgByIndex<FastifyRequest>(0);
    const client = this.authenticator.authenticate(request, (token) =>
      equalSecrets(token, expected) ? SCRAPER : undefined,
    );
    if (client instanceof Promise) return client;
    request.client = client;
    demandScope(request, ['metrics']);
    return true;
  }
}
