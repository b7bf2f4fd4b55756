/** The ways in that answer nothing: UDP datagrams and files. */
import { Module } from '@nestjs/common';
import { AdmissionModule } from '../admission/admission.module.js';
import { PacketKeysModule } from '../packet-keys/packet-keys.module.js';
import { Receivers } from './receivers.service.js';

@Module({ imports: [AdmissionModule, PacketKeysModule], providers: [Receivers], exports: [Receivers] })
export class ReceiveModule {}
