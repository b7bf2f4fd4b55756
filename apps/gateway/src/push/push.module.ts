/** The way in over HTTPS: `POST /push`. */
import { Module } from '@nestjs/common';
import { AdmissionModule } from '../admission/admission.module.js';
import { ConnectionsModule } from '../connections/connections.module.js';
import { TlsModule } from '../tls/tls.module.js';
import { PushController } from './push.controller.js';
import { PushGate } from './push-gate.js';

@Module({
  imports: [AdmissionModule, ConnectionsModule, TlsModule],
  controllers: [PushController],
  providers: [PushGate],
})
export class PushModule {}
