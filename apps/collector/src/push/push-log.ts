/** Says in the log what the gateway's answers mean for the operator: each trouble once as it begins, each loss every time. */
import { connectionAdvice } from '#libs/certificates';
import { logEvent } from '../log-events.js';
import type { LogEvent, LogLevel } from '../log-events.js';
import type { DropReason, Outcome, Settlement } from './outbox.js';

/** The answers of a gateway (contract, section 4). Any other is logged as such, so that nobody writes numbers into this log. */
const ANSWERS: ReadonlySet<number> = new Set([204, 400, 401, 409, 411, 413, 415, 422, 503, 507]);

/** What AnswerError says of answers that no gateway gives. */
const FOREIGN: ReadonlySet<string> = new Set([
  'answer with a body',
  'answer of a proxy',
  'answer without end',
  'interim answer',
  'not HTTP/1.1',
]);
const WRONG_URL =
  'no answer of a gateway to a packet: does QRNG_PUSH_URL lead to its /push, does it take packets (QRNG_INGEST), or does a proxy answer by itself?';
const PEER = { url: 'QRNG_PUSH_URL', ca: 'QRNG_PUSH_CA_FILE' };

/** Error events are logged each time, the others when they differ from the event before. */
const LEVELS: Partial<Record<LogEvent, LogLevel>> = {
  'push-unreachable': 'warn',
  'push-unsettled': 'warn',
  'push-not-ready': 'warn',
  'push-full': 'log',
  'push-resumed': 'log',
};

const EXPIRED: Readonly<Partial<Record<DropReason, LogEvent>>> = {
  expired: 'push-expired',
  full: 'push-surplus',
  quarantine: 'push-withdrawn',
};

export class PushLog {
  #trouble: LogEvent | undefined;

  /** Logs what an attempt came to, if that is news. */
  note(outcome: Outcome, settlement: Settlement): void {
    const event = eventOf(outcome, settlement);
    const level = event === undefined ? 'log' : (LEVELS[event] ?? 'error');
    if (event !== undefined && (level === 'error' || event !== this.#trouble)) {
      logEvent(level, event, fieldsOf(outcome, settlement));
    }
    if (event !== undefined) this.#trouble = event;
    // Heartbeats pass while the pool is full.
    if (
      (settlement.result === 'delivered' || settlement.result === 'sent') &&
      (settlement.type === 'entropy' || this.#trouble !== 'push-full')
    ) {
      if (this.#trouble !== undefined) logEvent('log', 'push-resumed', fieldsOf(outcome, settlement));
      this.#trouble = undefined;
    }
  }
}

/** Logs that bytes were given up without another attempt. */
export function noteExpired({ type, sequence, dropped }: Settlement): void {
  const event = EXPIRED[dropped?.reason ?? 'unknown'] ?? 'push-given-up';
  const level = event === 'push-surplus' ? 'log' : 'error';
  logEvent(level, event, { type, sequence: sequence.toString(), bytes: dropped?.bytes ?? 0 });
}

function eventOf(outcome: Outcome, { result, dropped }: Settlement): LogEvent | undefined {
  if (dropped?.reason === 'unknown') return 'push-given-up';
  const status = outcome.kind === 'answer' ? outcome.status : undefined;
  switch (result) {
    case 'delivered':
    case 'sent':
      return undefined;
    case 'full':
      return 'push-full';
    case 'paused':
      return status === undefined ? 'push-unreachable' : 'push-not-ready';
    case 'unauthorized':
      return 'push-unauthorized';
    case 'unsettled':
      return 'push-unsettled';
    case 'replayed':
      return 'push-replayed';
    case 'dropped':
      return status === 422 ? 'push-stale' : 'push-refused';
  }
}

function fieldsOf(
  outcome: Outcome,
  { type, sequence, delivered, dropped }: Settlement,
): Record<string, string | number | undefined> {
  return {
    type,
    sequence: sequence.toString(),
    bytes: dropped?.bytes ?? delivered,
    ...('status' in outcome ? { status: ANSWERS.has(outcome.status) ? outcome.status : 'other' } : {}),
    ...('reason' in outcome ? { reason: outcome.reason } : {}),
    advice: adviceOn(outcome),
  };
}

/** What an operator looks at, where the event does not say it. */
function adviceOn(outcome: Outcome): string | undefined {
  if (outcome.kind === 'answer') return ANSWERS.has(outcome.status) ? undefined : WRONG_URL;
  if (!('reason' in outcome)) return undefined;
  return FOREIGN.has(outcome.reason) ? WRONG_URL : connectionAdvice(outcome.reason, PEER);
}
