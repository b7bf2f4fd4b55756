/** Limits of addresses and of clients, and what clients have used. */
import { Module } from '@nestjs/common';
import { ThrottlerModule } from '@nestjs/throttler';
import { Clock } from '../clock.js';
import { GatewaySettings } from '../settings.js';
import type { RedisConnection } from '../redis/redis-connection.js';
import { REDIS, RedisModule } from '../redis/redis.module.js';
import { StateModule } from '../state/state.module.js';
import { FailedAuthentications, MAX_NETWORKS } from './failed-authentications.js';
import { LimitReports } from './limit-reports.js';
import { RateLimiter } from './rate-limiter.js';
import { Quotas } from './quotas.js';
import { ratePolicy } from './rate-policy.js';
import { SharedLimits } from './redis/shared-limits.js';
import { SharedUsageBook } from './redis/shared-usage-book.js';
import { RequestLimits } from './request-limits.js';
import { UsageBook } from './usage-book.js';
import { UsageFile } from './usage-file.js';

@Module({
  imports: [
    RedisModule,
    StateModule,
    ThrottlerModule.forRootAsync({
      inject: [GatewaySettings, Clock],
      useFactory: (settings: GatewaySettings, clock: Clock) => ({
        throttlers: [
          {
            ttl: settings.QRNG_RATE_LIMIT_WINDOW_SECS * 1000,
            limit: settings.QRNG_RATE_LIMIT_MAX,
            blockDuration: settings.QRNG_RATE_LIMIT_BLOCK_SECS * 1000,
          },
        ],
        // Keys are names of clients, which only the operator gives.
        storage: new RateLimiter(() => clock.monotonic(), Infinity),
      }),
    }),
  ],
  providers: [
    {
      provide: SharedLimits,
      inject: [REDIS, GatewaySettings],
      useFactory: (redis: RedisConnection | undefined, settings: GatewaySettings) =>
        redis && new SharedLimits(redis, ratePolicy(settings, undefined), MAX_NETWORKS),
    },
    {
      provide: UsageBook,
      inject: [REDIS, Clock],
      useFactory: (redis: RedisConnection | undefined, clock: Clock) =>
        redis === undefined ? new UsageBook(clock) : new SharedUsageBook(redis, clock),
    },
    RequestLimits,
    FailedAuthentications,
    LimitReports,
    UsageFile,
    Quotas,
  ],
  exports: [FailedAuthentications, LimitReports, RequestLimits, UsageBook, Quotas],
})
export class LimitsModule {}
