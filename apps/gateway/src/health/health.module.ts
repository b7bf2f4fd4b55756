/** Terminus health for load balancers. */
import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { PoolModule } from '../pool/pool.module.js';
import { HealthController } from './health.controller.js';
import { PoolHealth } from './pool.health.js';

@Module({
  imports: [TerminusModule.forRoot({ logger: false }), PoolModule],
  controllers: [HealthController],
  providers: [PoolHealth],
})
export class HealthModule {}
