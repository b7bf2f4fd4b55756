/** The way out: the REST API. */
import { Module } from '@nestjs/common';
import { CollectorsModule } from '../collectors/collectors.module.js';
import { GateModule } from '../gate/gate.module.js';
import { LimitsModule } from '../limits/limits.module.js';
import { PoolModule } from '../pool/pool.module.js';
import { Dispenser } from './dispenser.js';
import { ReceiptsModule } from '../receipts/receipts.module.js';
import { QualityController } from './quality.controller.js';
import { RandomController } from './random.controller.js';
import { ReceiptedDraws } from './receipted-draws.service.js';
import { RecentClients } from './recent-clients.js';
import { SamplesController } from './samples.controller.js';
import { StatusController } from './status.controller.js';
import { StatusService } from './status.service.js';
import { StreamController } from './stream.controller.js';
import { StreamQueue } from './stream-queue.js';
import { Streams } from './streams.js';
import { UsageController } from './usage.controller.js';
import { UsageService } from './usage.service.js';
import { Waiters } from './waiters.js';

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
