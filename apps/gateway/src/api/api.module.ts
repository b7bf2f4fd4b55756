/** The way out: the REST API. */
import { Module } from '@nestjs/common';
import { CollectorsModule } from '../collectors/collectors.module.js';
import { GateModule } from '../gate/gate.module.js';
import { LimitsModule } from '../limits/limits.module.js';
import { PoolModule } from '../pool/pool.module.js';
import { Dispenser } from './draw/dispenser.js';
import { ReceiptsModule } from '../receipts/receipts.module.js';
import { QualityController } from './report/quality.controller.js';
import { RandomController } from './draw/random.controller.js';
import { ReceiptedDraws } from './draw/receipted-draws.service.js';
import { RecentClients } from './draw/recent-clients.js';
import { SamplesController } from './draw/samples.controller.js';
import { StatusController } from './report/status.controller.js';
import { StatusService } from './report/status.service.js';
import { StreamController } from './stream/stream.controller.js';
import { StreamQueue } from './stream/stream-queue.js';
import { Streams } from './stream/streams.js';
import { UsageController } from './report/usage.controller.js';
import { UsageService } from './report/usage.service.js';
import { Waiters } from './draw/waiters.js';

@Module({
  imports: [GateModule, PoolModule, LimitsModule, CollectorsModule, ReceiptsModule],
  controllers: [
    RandomController,
    SamplesController,
    StreamController,
    QualityController,
    StatusController,
    UsageController,
  ],
  providers: [
    Dispenser,
    ReceiptedDraws,
    RecentClients,
    StatusService,
    StreamQueue,
    Streams,
    UsageService,
    Waiters,
  ],
  exports: [Dispenser, ReceiptedDraws, StatusService, UsageService],
})
export class ApiModule {}
