/** The HMAC keys of packets, and what operators learn of them. */
import { Module } from '@nestjs/common';
import { ReloadModule } from '../reload/reload.module.js';
import { HmacKeyReports } from './hmac-key-reports.js';
import { HmacKeys } from './hmac-keys.js';

@Module({ imports: [ReloadModule], providers: [HmacKeyReports, HmacKeys], exports: [HmacKeys] })
export class PacketKeysModule {}
