/** What the audit trail records (contract, section 6). */

export const AUDIT_EVENTS = [
  'started',
  'stopped',
  'state-lost',
  'authentication-failed',
  'rate-limited',
  'client-blocked',
  'quota-used-up',
  'hmac-failed',
  'replay',
  'conflict',
  'stale',
  'future',
  'keys-reloaded',
  'keys-refused',
  'hmac-keys-reloaded',
  'hmac-keys-refused',
  'certificate-reloaded',
  'certificate-refused',
] as const;

export type AuditEvent = (typeof AUDIT_EVENTS)[number];

/** Who and what an event is about. Text may come from a client: it is cleaned and cut before it is written. */
export interface AuditFields {
  /** Address of the client or collector. */
  readonly source?: string | undefined;
  /** Name of the API key. */
  readonly client?: string | undefined;
  readonly collector?: string | undefined;
  readonly boot?: bigint | undefined;
  readonly sequence?: bigint | undefined;
  readonly reason?: string | undefined;
}
