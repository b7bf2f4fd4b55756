/** The way in: HmacGuard, freshness, replay state, admission. */
import { Module } from '@nestjs/common';
import { PoolModule } from '../pool/pool.module.js';
import { AdmissionService } from './admission.service.js';
import { HmacKeys } from './hmac-keys.js';
import { PushController } from './push.controller.js';

@Module({
  imports: [PoolModule],
  controllers: [PushController],
  providers: [AdmissionService, HmacKeys],
})
export class PushModule {}
