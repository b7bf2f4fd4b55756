/**
 * The gateway:
 *
 *   POST /push -> HmacGuard -> freshness, replay -> EntropyService (pool) -> sampling -> GET /api/... -> client
 */
import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import { LoggerModule } from 'nestjs-pino';
import { ApiModule } from './api/api.module.js';
import { ReceiptRoutesModule } from './api/receipt/receipt-routes.module.js';
import { AuditModule } from './audit/audit.module.js';
import { loggerParams } from './framework-logger.js';
import { ClockWatch } from './clock-watch.js';
import { ConnectionsModule } from './connections/connections.module.js';
import { ApiKeyGuard } from './gate/api-key.guard.js';
import { ClientThrottlerGuard } from './gate/client-throttler.guard.js';
import { GateModule } from './gate/gate.module.js';
import { ScopeGuard } from './gate/scope.guard.js';
import type { Channel } from './link/channel.js';
import { HealthModule } from './health/health.module.js';
import { ProblemFilter } from './http/problem.filter.js';
import { UnknownRoute } from './http/unknown-route.js';
import { McpModule } from './mcp/mcp.module.js';
import { MetricsModule } from './metrics/metrics.module.js';
import { OpenApiModule } from './open-api/open-api.module.js';
import { PushModule } from './push/push.module.js';
import { ReceiveModule } from './receive/receive.module.js';
import { ReloadModule } from './reload/reload.module.js';
import { ScrapeModule } from './scrape/scrape.module.js';
import type { GatewaySettings } from './settings.js';
import { SettingsModule } from './settings.module.js';
import type { SettingsSource } from './settings-source.js';
import { TlsModule } from './tls/tls.module.js';

@Module({})
export class GatewayModule {
  /** @param head in a worker: the process whose pool it serves from. */
  static forRoot(settings: Readonly<GatewaySettings>, source: SettingsSource, head?: Channel): DynamicModule {
    return {
      module: GatewayModule,
      imports: [
        SettingsModule.forRoot(settings, source, head),
        LoggerModule.forRoot(loggerParams(settings.QRNG_LOG_LEVEL)),
        MetricsModule,
        AuditModule,
        ReloadModule,
        TlsModule,
        ConnectionsModule,
        GateModule,
        ...(settings.QRNG_INGEST === 'on' ? [PushModule, ReceiveModule] : []),
        ApiModule,
        ...(settings.QRNG_RECEIPTS === 'on' ? [ReceiptRoutesModule] : []),
        HealthModule.forRoot(settings, head),
        ScrapeModule,
        OpenApiModule,
        McpModule,
      ],
      providers: [
        ClockWatch,
        UnknownRoute,
        { provide: APP_FILTER, useClass: ProblemFilter },
        // In this order: who is it, does it ask too often, may it do this.
        { provide: APP_GUARD, useExisting: ApiKeyGuard },
        { provide: APP_GUARD, useExisting: ClientThrottlerGuard },
        { provide: APP_GUARD, useExisting: ScopeGuard },
      ],
    };
  }
}
