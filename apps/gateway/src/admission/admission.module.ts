/** Decides on packets, whichever way they come, and reports to operators what became of each. */
import { Module } from '@nestjs/common';
import { CollectorsModule } from '../collectors/collectors.module.js';
import { PacketKeysModule } from '../packet-keys/packet-keys.module.js';
import { PoolModule } from '../pool/pool.module.js';
import { ReceiptsModule } from '../receipts/receipts.module.js';
import { AdmissionService } from './admission.service.js';
import { PushOutcomes } from './push-outcomes.js';

@Module({
  imports: [PoolModule, CollectorsModule, PacketKeysModule, ReceiptsModule],
  providers: [AdmissionService, PushOutcomes],
  exports: [AdmissionService, PacketKeysModule, PushOutcomes],
})
export class AdmissionModule {}
