/** Decides on packets, whichever way they come: HMAC keys, freshness, and what operators learn of each. */
import { Module } from '@nestjs/common';
import { CollectorsModule } from '../collectors/collectors.module.js';
import { PoolModule } from '../pool/pool.module.js';
import { ReloadModule } from '../reload/reload.module.js';
import { AdmissionService } from './admission.service.js';
import { HmacKeyReports } from './hmac-key-reports.js';
import { HmacKeys } from './hmac-keys.js';
import { PushOutcomes } from './push-outcomes.js';

@Module({
  imports: [PoolModule, CollectorsModule, ReloadModule],
  providers: [AdmissionService, HmacKeyReports, HmacKeys, PushOutcomes],
  exports: [AdmissionService, HmacKeys, PushOutcomes],
})
export class AdmissionModule {}
