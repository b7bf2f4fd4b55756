/** What the audit trail records (contract, section 6). */

/** Events that the gateway or its operator brings about: never left out. */
type OwnEvent =
  | 'started'
  | 'stopped'
  | 'state-lost'
  | 'position-forgotten'
  | 'clock-leapt'
  | 'unblocked'
  | 'keys-reloaded'
  | 'keys-refused'
  | 'hmac-keys-reloaded'
  | 'hmac-keys-refused'
  | 'certificate-reloaded'
  | 'certificate-refused'
  | 'client-ca-reloaded'
  | 'client-ca-refused'
  | 'settings-reloaded'
  | 'settings-refused'
  | 'receipts-cut'
  // About the trail itself:
  | 'left-out'
  | 'file-removed'
  | 'trail-damaged';

/** Events that anyone who reaches the port can bring about, as often as they like: bounded in rate. */
const OUTSIDE_EVENTS = [
  'authentication-failed',
  'rate-limited',
  'client-blocked',
  'quota-used-up',
  'client-certificate-refused',
  'hmac-failed',
  'replay',
  'conflict',
  'stale',
  'future',
  'bad-entropy',
] as const;

export type OutsideEvent = (typeof OUTSIDE_EVENTS)[number];
export type AuditEvent = OwnEvent | OutsideEvent;

export function isOutsideEvent(event: AuditEvent): event is OutsideEvent {
  return (OUTSIDE_EVENTS as readonly string[]).includes(event);
}

/** Who and what an event is about. Text may come from a client: it is cleaned and cut before it is written. */
export interface AuditFields {
  readonly source?: string | undefined;
  readonly client?: string | undefined;
  readonly collector?: string | undefined;
  readonly boot?: bigint | undefined;
  readonly sequence?: bigint | undefined;
  readonly reason?: string | undefined;
  /** How many events this one stands for. */
  readonly count?: number | undefined;
}

export interface AuditEntry extends AuditFields {
  readonly at: number;
  readonly event: AuditEvent;
}
