/** Decides on packets, whichever way they come, and reports to operators what became of each. */
import { Module } from '@nestjs/common';
import { CollectorsModule } from '../collectors/collectors.module.js';
import { PacketKeysModule } from '../packet-keys/packet-keys.module.js';
import { PoolModule } from '../pool/pool.module.js';
import { LineageService } from '../receipts/lineage.service.js';
import { ReceiptsModule } from '../receipts/receipts.module.js';
import { HEAD } from '../link/head.js';
import type { Channel } from '../link/channel.js';
import { EntropyService } from '../pool/entropy.service.js';
import { AdmissionService } from './admission.service.js';
import { ForwardedAdmission } from './forwarded-admission.js';
import { PushOutcomes } from './push-outcomes.js';

@Module({
  imports: [PoolModule, CollectorsModule, PacketKeysModule, ReceiptsModule],
  providers: [
    {
      provide: AdmissionService,
      inject: [EntropyService, PushOutcomes, LineageService, HEAD],
      useFactory: (
        entropy: EntropyService,
        outcomes: PushOutcomes,
        lineage: LineageService,
        head?: Channel,
      ) =>
        head === undefined ? new AdmissionService(entropy, outcomes, lineage) : new ForwardedAdmission(head),
    },
    PushOutcomes,
  ],
  exports: [AdmissionService, PacketKeysModule, PushOutcomes],
})
export class AdmissionModule {}
