/** The QRNG Open API v1 of the industry, under /v1 (facts and deviations: docs/qrng-open-api.md). */
import { Module } from '@nestjs/common';
import { ApiModule } from '../api/api.module.js';
import { CollectorsModule } from '../collectors/collectors.module.js';
import { PoolModule } from '../pool/pool.module.js';
import { BlocksController } from './blocks.controller.js';
import { DescriptionController } from './description.controller.js';

@Module({
  imports: [ApiModule, CollectorsModule, PoolModule],
  controllers: [BlocksController, DescriptionController],
})
export class OpenApiModule {}
