/** Guard of /metrics: open where no `QRNG_METRICS_TOKEN` is set; else that token opens it, or a key with the scope metrics. */
import { hash, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Client } from '../clients/client.js';
import { Gate } from '../gate/gate.service.js';
import { GatewaySettings } from '../settings.js';

/** Anyone with the token. It has no limits: what watches the gateway must see it under load, too. */
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
    private readonly gate: Gate,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const expected = this.settings.QRNG_METRICS_TOKEN;
    if (expected === undefined) return true;
    this.gate.admit(
      context.getArgByIndex<FastifyRequest>(0),
      context.getArgByIndex<FastifyReply>(1),
      ['metrics'],
      (token) => (equalSecrets(token, expected) ? SCRAPER : undefined),
    );
    return true;
  }
}

/** As fixed-size digests in constant time. */
function equalSecrets(a: string, b: string): boolean {
  return timingSafeEqual(hash('sha256', a, 'buffer'), hash('sha256', b, 'buffer'));
}
