/** The way in: HmacGuard, freshness, replay state, admission. */
import { Module } from '@nestjs/common';
import { CollectorsModule } from '../collectors/collectors.module.js';
import { PoolModule } from '../pool/pool.module.js';
import { TlsModule } from '../tls/tls.module.js';
import { AdmissionService } from '../admission/admission.service.js';
import { HmacKeyReports } from '../admission/hmac-key-reports.js';
import { HmacKeys } from '../admission/hmac-keys.js';
import { PushController } from './push.controller.js';
import { PushGate } from './push-gate.js';
import { PushOutcomes } from '../admission/push-outcomes.js';

@Module({
  imports: [PoolModule, CollectorsModule, TlsModule],
  controllers: [PushController],
  providers: [AdmissionService, HmacKeyReports, HmacKeys, PushGate, PushOutcomes],
})
export class PushModule {}
