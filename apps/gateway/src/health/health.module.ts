/** Terminus health for load balancers. */
import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { PoolModule } from '../pool/pool.module.js';
import { ReloadModule } from '../reload/reload.module.js';
import { TlsModule } from '../tls/tls.module.js';
import type { Channel } from '../link/channel.js';
import { workersOf } from '../settings.js';
import type { GatewaySettings } from '../settings.js';
import { AuditHealth } from './audit.health.js';
import { HealthController } from './health.controller.js';
import { ReloadHealth } from './reload.health.js';
import { PoolHealth } from './pool.health.js';

@Module({})
export class HealthModule {
  /**
   * On SIGTERM a gateway is not ready for `QRNG_DRAIN_SECS` before it stops listening, so that load balancers take notice.
   *
   * @param head in a worker. The head itself listens to nobody, and only waits for its workers.
   */
  static forRoot(settings: Readonly<GatewaySettings>, head?: Channel): DynamicModule {
    const serves = head !== undefined || workersOf(settings) === 1;
    const gracefulShutdownTimeoutMs = serves ? settings.QRNG_DRAIN_SECS * 1000 : 0;
    const terminus = { logger: false, gracefulShutdownTimeoutMs };
    return {
      module: HealthModule,
      imports: [TerminusModule.forRoot(terminus), PoolModule, ReloadModule, TlsModule],
      controllers: [HealthController],
      providers: [PoolHealth, AuditHealth, ReloadHealth],
    };
  }
}
