/** The connection to `QRNG_REDIS_URL`, or none where the variable is not set: the client is not even loaded then. */
import { Inject, Module } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { SettingsError } from '#libs/settings';
import { logEvent } from '../log-events.js';
import { GatewayMetrics } from '../metrics/gateway-metrics.js';
import { Warnings } from '../metrics/warnings.js';
import { GatewaySettings } from '../settings.js';
import { HmacKeys } from '../packet-keys/hmac-keys.js';
import { PacketKeysModule } from '../packet-keys/packet-keys.module.js';
import type { RedisConnection } from './redis-connection.js';

/** The token of the connection in use, a `RedisConnection` or undefined. */
export const REDIS = Symbol('Redis');

@Module({
  imports: [PacketKeysModule],
  providers: [
    {
      provide: REDIS,
      inject: [GatewaySettings, GatewayMetrics, HmacKeys, Warnings],
      useFactory: openRedis,
    },
  ],
  exports: [REDIS],
})
export class RedisModule implements OnApplicationShutdown {
  constructor(@Inject(REDIS) private readonly redis: RedisConnection | undefined) {}

  onApplicationShutdown(): void {
    this.redis?.close();
  }
}

/**
 * The connection after its first attempt; a Redis that is away now may come later.
 *
 * @throws {SettingsError} when Redis is there and cannot be used.
 */
async function openRedis(
  settings: GatewaySettings,
  metrics: GatewayMetrics,
  keys: HmacKeys,
  warnings: Warnings,
): Promise<RedisConnection | undefined> {
  if (settings.QRNG_REDIS_URL === undefined) return undefined;
  const { RedisConnection } = await import('./redis-connection.js'); // 650 modules come with it
  const deployment = { prefix: settings.QRNG_REDIS_PREFIX, fingerprints: () => keys.fingerprints() };
  const log = {
    up: (unsafe: readonly string[]) => {
      logEvent('log', 'redis-up');
      for (const warning of unsafe) logEvent('warn', 'redis-setting', { warning });
    },
    down: (reason: string) => logEvent('error', 'redis-down', { reason }),
    refused: (reason: string) => logEvent('error', 'redis-refused', { reason }),
  };
  const redis = await RedisConnection.open(settings.QRNG_REDIS_URL, log, deployment);
  if (redis.refused) {
    const { fault = '' } = redis;
    redis.close();
    throw new SettingsError([`QRNG_REDIS_URL must lead to a Redis that serves; this one ${fault}`]);
  }
  warnings.from(() => redis.warnings);
  metrics.observeRedis(() => redis.fault === undefined);
  return redis;
}
