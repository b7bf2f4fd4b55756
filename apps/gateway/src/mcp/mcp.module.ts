/** The Model Context Protocol, for agents: POST /mcp (docs/agents.md). */
import { Module } from '@nestjs/common';
import { ApiModule } from '../api/api.module.js';
import { PoolModule } from '../pool/pool.module.js';
import { ReceiptsModule } from '../receipts/receipts.module.js';
import { DrawTools } from './draw-tools.service.js';
import { McpController } from './mcp.controller.js';
import { McpService } from './mcp.service.js';
import { ReportTools } from './report-tools.service.js';

@Module({
  imports: [ApiModule, PoolModule, ReceiptsModule],
  controllers: [McpController],
  providers: [McpService, DrawTools, ReportTools],
})
export class McpModule {}
