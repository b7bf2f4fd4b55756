/** The audit trail: who tried what, as JSON lines that carry a hash chain. */
import { Injectable } from '@nestjs/common';
import { PinoLogger } from 'nestjs-pino';
import type { AuditEvent, AuditFields } from './audit-event.js';

@Injectable()
export class AuditTrail {
  constructor(private readonly logger: PinoLogger) {
    logger.setContext(AuditTrail.name);
  }

  /** Records an event. Returns at once; never throws: what cannot be written shows in health and metrics. */
  record(event: AuditEvent, { boot, sequence, ...fields }: AuditFields = {}): void {
    this.logger.debug({ event, ...fields, boot: boot?.toString(), sequence: sequence?.toString() }, event);
  }
}
