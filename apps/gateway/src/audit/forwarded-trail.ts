/** The audit trail as a worker has it: what strangers bring about goes to the head, which writes it; the rest the head knows itself. */
import type { Clock } from '../clock.js';
import { declareNotice } from '../link/call.js';
import type { Channel } from '../link/channel.js';
import { isOutsideEvent } from './audit-event.js';
import type { AuditEvent, AuditFields, OutsideEvent } from './audit-event.js';
import type { AuditTrail } from './audit-trail.js';
import { EventLimit } from './event-limit.js';

export const RECORD = declareNotice<{ event: AuditEvent; fields: AuditFields }>('audit-record');
export const AUDIT_FAULT = declareNotice<string | undefined>('audit-fault');

export class ForwardedTrail implements Pick<AuditTrail, 'record' | 'fault' | 'isNew'> {
  readonly isNew = false;
  /** That of the head comes on top; this one keeps the channel from filling. */
  readonly #limit = new EventLimit<OutsideEvent>();
  #fault: string | undefined;

  constructor(
    private readonly head: Channel,
    private readonly onLeftOut: (event: AuditEvent) => void,
    private readonly clock: Clock,
  ) {
    head.hear(AUDIT_FAULT, (fault) => {
      this.#fault = fault;
    });
  }

  record(event: AuditEvent, fields: AuditFields = {}): void {
    if (!isOutsideEvent(event)) return;
    if (this.#limit.admits(event, fields.source ?? '', this.clock.monotonic())) {
      this.head.tell(RECORD, { event, fields });
    } else this.onLeftOut(event);
  }

  fault(): string | undefined {
    return this.#fault;
  }
}
