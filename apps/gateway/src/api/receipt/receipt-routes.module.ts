/** The routes of receipts; there are none where receipts are off. */
import { Module } from '@nestjs/common';
import { ReceiptsModule } from '../../receipts/receipts.module.js';
import { LogController } from './log.controller.js';
import { ReceiptController } from './receipt.controller.js';

@Module({ imports: [ReceiptsModule], controllers: [ReceiptController, LogController] })
export class ReceiptRoutesModule {}
