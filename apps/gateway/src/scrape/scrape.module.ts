/** `GET /metrics`. */
import { Module } from '@nestjs/common';
import { GateModule } from '../gate/gate.module.js';
import { MetricsController } from './metrics.controller.js';

@Module({ imports: [GateModule], controllers: [MetricsController] })
export class ScrapeModule {}
