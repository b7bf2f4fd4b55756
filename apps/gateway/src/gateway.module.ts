/**
 * The gateway:
 *
 *   POST /push -> HmacGuard -> freshness, replay -> EntropyService (pool) -> sampling -> GET /api/... -> client
 */
import { Global, Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import { LoggerModule } from 'nestjs-pino';
import { logDestination } from '#libs/settings';
import { ApiModule } from './api/api.module.js';
import { AuditModule } from './audit/audit.module.js';
import { ApiKeyGuard } from './gate/api-key.guard.js';
import { AuthModule } from './gate/gate.module.js';
import { ScopeGuard } from './gate/scope.guard.js';
import { Clock } from './clock.js';
import { HealthModule } from './health/health.module.js';
import { UnknownRoute } from './http/unknown-route.js';
import { ClientThrottlerGuard } from './gate/client-throttler.guard.js';
import { LimitsModule } from './limits/limits.module.js';
import { MetricsModule } from './metrics/metrics.module.js';
import { ProblemFilter } from './http/problem.filter.js';
import { PushModule } from './push/push.module.js';
import { ReloadModule } from './reload/reload.module.js';
import type { SettingsSource } from './reload/settings-source.js';
import { RedisModule } from './redis/redis.module.js';
import { GatewaySettings } from './settings.js';
import { StateModule } from './state/state.module.js';
import { TlsModule } from './tls/tls.module.js';

@Global()
@Module({})
export class GatewayModule {
  static forRoot(settings: Readonly<GatewaySettings>, source: SettingsSource): DynamicModule {
    return {
      module: GatewayModule,
      imports: [
        ConfigModule.forRoot({
          ignoreEnvFile: true,
          ignoreEnvVars: true,
          load: [() => ({ gateway: settings })],
        }),
        LoggerModule.forRoot({
          pinoHttp: [{ level: settings.QRNG_LOG_LEVEL, autoLogging: false }, logDestination()],
          forRoutes: [],
        }),
        ReloadModule.forRoot(source),
        MetricsModule,
        AuditModule,
        StateModule,
        LimitsModule,
        AuthModule,
        RedisModule,
        ...(settings.QRNG_INGEST === 'on' ? [PushModule] : []),
        ApiModule,
        HealthModule,
        TlsModule,
      ],
      providers: [
        {
          provide: GatewaySettings,
          useFactory: (config: ConfigService) => config.getOrThrow<GatewaySettings>('gateway'),
          inject: [ConfigService],
        },
        Clock,
        UnknownRoute,
        { provide: APP_FILTER, useClass: ProblemFilter },
        // In this order: who is it, does it ask too often, may it do this.
        { provide: APP_GUARD, useExisting: ApiKeyGuard },
        { provide: APP_GUARD, useExisting: ClientThrottlerGuard },
        { provide: APP_GUARD, useExisting: ScopeGuard },
      ],
      exports: [GatewaySettings, Clock],
    };
  }
}
