/** The audit trail, for everything that has something to record. */
import { Global, Module } from '@nestjs/common';
import { AuditTrail } from './audit-trail.js';

@Global()
@Module({ providers: [AuditTrail], exports: [AuditTrail] })
export class AuditModule {}
