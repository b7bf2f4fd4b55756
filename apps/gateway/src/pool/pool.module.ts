/** The entropy pool: embedded in this process, or shared by several gateways in Redis. */
import { join } from 'node:path';
import { Module } from '@nestjs/common';
import { Clock } from '../clock.js';
import { CollectorRegistry } from '../collectors/collector-registry.js';
import { CollectorsModule } from '../collectors/collectors.module.js';
import { GatewayMetrics } from '../metrics/gateway-metrics.js';
import { HEAD } from '../link/head.js';
import type { Channel } from '../link/channel.js';
import type { RedisConnection } from '../redis/redis-connection.js';
import { REDIS, RedisModule } from '../redis/redis.module.js';
import { StateModule } from '../state/state.module.js';
import { GatewaySettings, workersOf } from '../settings.js';
import { EmbeddedPool } from './embedded-pool.js';
import { EntropyService, POOL } from './entropy.service.js';
import { ExpiringBuffer } from './expiring-buffer.js';
import { ForgetRequests } from './replay/forget-requests.js';
import { LeasedPool } from './leased-pool.js';
import { LendingPool } from './lending-pool.js';
import { DISCARD_REASONS } from './pool.js';
import type { DiscardReason, Pool } from './pool.js';
import { HealthReports } from './received/health-reports.js';
import { ReceivedHealth } from './received/received-health.js';
import { ReceivedQuality } from './received/received-quality.js';
import { PoolMemory } from './redis/pool-memory.js';
import { RedisPool } from './redis/redis-pool.js';
import { ReplayReports } from './replay/replay-reports.js';
import { ReplayStoreOpener } from './replay/replay-store-opener.js';

@Module({
  imports: [CollectorsModule, RedisModule, StateModule],
  providers: [
    EntropyService,
    ReplayStoreOpener,
    ForgetRequests,
    ReplayReports,
    {
      provide: ReceivedQuality,
      inject: [Clock, POOL],
      useFactory: (clock: Clock, pool: Pool) =>
        pool instanceof LeasedPool ? { report: () => pool.quality } : new ReceivedQuality(clock),
    },
    ReceivedHealth,
    HealthReports,
    {
      provide: POOL,
      inject: [GatewaySettings, Clock, GatewayMetrics, REDIS, ReplayStoreOpener, CollectorRegistry, HEAD],
      useFactory: openPool,
    },
  ],
  exports: [EntropyService, ReceivedQuality],
})
export class PoolModule {}

async function openPool(
  settings: GatewaySettings,
  clock: Clock,
  metrics: GatewayMetrics,
  redis: RedisConnection | undefined,
  replay: ReplayStoreOpener,
  collectors: CollectorRegistry,
  head: Channel | undefined,
): Promise<Pool> {
  const options = {
    capacity: settings.QRNG_BUFFER_SIZE,
    overflow: settings.QRNG_BUFFER_OVERFLOW_POLICY,
    get ttlMs() {
      return settings.QRNG_BUFFER_TTL_SECS * 1000;
    },
  };
  const window = {
    get ttlMs() {
      return settings.QRNG_PACKET_TTL_SECS * 1000;
    },
    skewMs: settings.QRNG_CLOCK_SKEW_SECS * 1000,
  };
  const onDiscard = (reason: DiscardReason, bytes: number): void => metrics.discarded.inc({ reason }, bytes);
  for (const reason of DISCARD_REASONS) onDiscard(reason, 0);
  if (head !== undefined) return LeasedPool.open(head, clock, options, onDiscard);
  if (redis === undefined) {
    const { store, known } = await replay.open(window);
    for (const collector of known) collectors.label(collector); // the first packet may be that of a clone
    const buffer = new ExpiringBuffer(options, onDiscard);
    const workers = workersOf(settings);
    return workers === 1
      ? new EmbeddedPool(store, buffer, clock, window)
      : new LendingPool([store, buffer, clock, window], workers, options, onDiscard);
  }
  const memory = new PoolMemory(join(settings.QRNG_STATE_DIR, 'shared-pool'));
  const pool = await RedisPool.open({ buffer: options, window, memory }, clock, redis, onDiscard);
  metrics.observeLedger(() => pool.ledger());
  return pool;
}
