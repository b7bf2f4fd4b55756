/** Terminus health for load balancers. */
import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { PoolModule } from '../pool/pool.module.js';
import { ReloadModule } from '../reload/reload.module.js';
import { AuditHealth } from './audit.health.js';
import { HealthController } from './health.controller.js';
import { ReloadHealth } from './reload.health.js';
import { PoolHealth } from './pool.health.js';

/** On SIGTERM a gateway is not ready for so long before it stops listening, so that load balancers take notice. */
const NOT_READY_MS = 2000;

@Module({
  imports: [
    TerminusModule.forRoot({ logger: false, gracefulShutdownTimeoutMs: NOT_READY_MS }),
    PoolModule,
    ReloadModule,
  ],
  controllers: [HealthController],
  providers: [PoolHealth, AuditHealth, ReloadHealth],
})
export class HealthModule {}
