/** Who may be connected, and for how much. */
import { Module } from '@nestjs/common';
import { Connections } from './connections.js';

@Module({ providers: [Connections], exports: [Connections] })
export class ConnectionsModule {}
