/** Admits to /metrics whoever has `QRNG_METRICS_TOKEN`, and everybody where none is set. */
import { Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { bearerToken } from '../auth/bearer-token.js';
import { equalSecrets } from '../auth/equal-secrets.js';
import { ApiError } from '../problem/api-error.js';
import { GatewaySettings } from '../settings.js';

@Injectable()
export class MetricsTokenGuard implements CanActivate {
  constructor(private readonly settings: GatewaySettings) {}

  canActivate(context: ExecutionContext): boolean {
    const expected = this.settings.QRNG_METRICS_TOKEN;
    if (expected === undefined) return true;
    const token = bearerToken(context.switchToHttp().getRequest<FastifyRequest>());
    if (token !== undefined && equalSecrets(token, expected)) return true;
    throw new ApiError('unauthorized', 'Send the metrics token as Authorization: Bearer TOKEN.', {
      headers: { 'www-authenticate': 'Bearer' },
    });
  }
}
