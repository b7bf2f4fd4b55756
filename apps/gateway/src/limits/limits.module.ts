/** Limits of networks and of clients, and what clients have used; with Redis together with other gateways. */
import { Module } from '@nestjs/common';
import { seconds, ThrottlerModule } from '@nestjs/throttler';
import { Clock } from '../clock.js';
import { HEAD } from '../link/head.js';
import type { Channel } from '../link/channel.js';
import type { RedisConnection } from '../redis/redis-connection.js';
import { REDIS, RedisModule } from '../redis/redis.module.js';
import { GatewaySettings } from '../settings.js';
import { StateModule } from '../state/state.module.js';
import { BlockRequests } from './block-requests.js';
import { EXCHANGE } from './exchange.js';
import type { Exchange } from './exchange.js';
import { FailedAuthentications, NETWORK_RATES } from './failed-authentications.js';
import { HeadExchange } from './head-exchange.js';
import { LimitReports } from './limit-reports.js';
import { QuotaSlices } from './quota-slices.js';
import { Quotas } from './quotas.js';
import { RateLimiter } from './rate-limiter.js';
import { BURST, RatePolicies, WINDOW } from './rate-policies.js';
import { RedisExchange } from './redis/redis-exchange.js';
import { CLIENT_RATES, RequestLimits } from './request-limits.js';
import { SharedCounting } from './shared-counting.js';
import { UsageBook } from './usage-book.js';
import { UsageFile } from './usage-file.js';

/** Networks that are remembered; an attacker with more addresses than that can make the first of them forgotten. */
const MOST_NETWORKS = 10_000;

@Module({
  imports: [
    RedisModule,
    StateModule,
    ThrottlerModule.forRootAsync({
      inject: [GatewaySettings],
      useFactory: (settings: GatewaySettings) => ({
        throttlers: [
          {
            name: WINDOW,
            get ttl() {
              return seconds(settings.QRNG_RATE_LIMIT_WINDOW_SECS);
            },
            get limit() {
              return settings.QRNG_RATE_LIMIT_MAX;
            },
            get blockDuration() {
              return seconds(settings.QRNG_RATE_LIMIT_BLOCK_SECS);
            },
          },
          {
            name: BURST,
            ttl: seconds(1),
            get limit() {
              return settings.QRNG_RATE_LIMIT_BURST;
            },
          },
        ],
      }),
    }),
  ],
  providers: [
    {
      provide: EXCHANGE,
      inject: [REDIS, Clock, HEAD],
      useFactory: (redis: RedisConnection | undefined, clock: Clock, head: Channel | undefined) =>
        head === undefined ? redis && new RedisExchange(redis, clock) : new HeadExchange(head),
    },
    {
      provide: CLIENT_RATES, // by name, and only operators name clients
      inject: [Clock, EXCHANGE],
      useFactory: (clock: Clock, exchange?: Exchange) => rateLimiter(clock, Infinity, exchange),
    },
    {
      provide: NETWORK_RATES,
      inject: [Clock, EXCHANGE],
      useFactory: (clock: Clock, exchange?: Exchange) => rateLimiter(clock, MOST_NETWORKS, exchange),
    },
    {
      provide: UsageBook,
      inject: [Clock, EXCHANGE],
      useFactory: (clock: Clock, exchange?: Exchange) => new UsageBook(clock, exchange !== undefined),
    },
    {
      provide: QuotaSlices,
      inject: [EXCHANGE],
      useFactory: (exchange?: Exchange) => exchange && new QuotaSlices(exchange),
    },
    {
      provide: SharedCounting,
      inject: [EXCHANGE, CLIENT_RATES, NETWORK_RATES, UsageBook, QuotaSlices],
      useFactory: startSharedCounting,
    },
    RatePolicies,
    RequestLimits,
    FailedAuthentications,
    LimitReports,
    BlockRequests,
    UsageFile,
    Quotas,
  ],
  exports: [FailedAuthentications, LimitReports, RequestLimits, UsageBook, Quotas],
})
export class LimitsModule {}

function rateLimiter(clock: Clock, maxKeys: number, exchange: Exchange | undefined): RateLimiter {
  return new RateLimiter({ now: () => clock.monotonic(), maxKeys, isShared: exchange !== undefined });
}

function startSharedCounting(
  exchange: Exchange | undefined,
  clients: RateLimiter,
  networks: RateLimiter,
  usage: UsageBook,
  slices: QuotaSlices | undefined,
): SharedCounting | undefined {
  if (exchange === undefined || slices === undefined) return undefined;
  return new SharedCounting(exchange, { clients, networks, usage, slices });
}
