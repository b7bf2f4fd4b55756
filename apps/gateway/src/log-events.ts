/** Every event that the gateway logs, with its one message; what varies goes into fields. The access log is in http/request-hooks. */
import { Logger } from '@nestjs/common';

const MESSAGES = {
  listening: 'the gateway listens',
  stopping: 'the gateway was told to stop: it is not ready any more, and answers what is under way',
  stopped: 'the gateway has stopped',
  'worker-ended':
    'a worker ended and is replaced; what it had leased of the pool is lost, and counted as discarded',
  'unknown-setting': 'an environment variable is not a setting of the gateway',
  'setting-without-effect': 'a setting was given that does nothing beside the others',
  'tls-off': 'plain HTTP on an address other than loopback: anyone on the way can read keys and entropy',
  'proxy-header-refused':
    'a trusted proxy sent an invalid PROXY header; its connection was closed (only version 2 is understood)',
  'reload-failed': 'a file that changed could not be handled; what was in use stays in use',
  'reloads-not-written':
    'the outcome of reloads cannot be written to the state directory; operator commands cannot see it',
  'keys-reloaded': 'the API keys changed',
  'keys-refused': 'the API keys on disk are invalid; the old ones stay in use',
  'no-keys': 'there are no API keys: nobody can use the API',
  'certificate-reloaded': 'new connections use the new certificate',
  'certificate-refused': 'the certificate on disk cannot be used; the old one stays in use',
  'client-ca-reloaded': 'other client certificates are trusted now; collectors connect again',
  'client-ca-refused':
    'the client CA certificates or revocation lists on disk cannot be used; the old ones stay in use',
  'certificate-expiring': 'a certificate or revocation list expires soon; replace it',
  'certificate-expired': 'the certificate in use has expired; no client can connect until it is replaced',
  'client-ca-unusable':
    'client CA certificates or revocation lists in use cannot work; collectors of theirs are refused until they are replaced',
  'hmac-keys-reloaded': 'the HMAC keys changed; packets under these keys are accepted',
  'hmac-keys-refused': 'the HMAC keys on disk are invalid; the old ones stay in use',
  'settings-reloaded': 'the settings changed: `changed` are in use, `waiting` from the next start on',
  'settings-refused':
    'the settings on disk are invalid; the old ones stay in use, and the next start would fail',
  'redis-up': 'Redis can be used',
  'redis-down': 'Redis cannot be used',
  'redis-refused': 'Redis refused a command; see docs/scaling.md',
  'redis-setting': 'a setting of Redis is unsafe for a shared pool; see docs/scaling.md',
  'audit-head': 'the hash of the latest line of the audit trail; keep it elsewhere as an anchor',
  'audit-damaged': 'the audit trail on disk is not what was written; run qrng-dd audit:verify',
  'audit-unwritable': 'the audit trail cannot be written; events wait, then are counted and left out',
  'audit-writable': 'the audit trail can be written again',
  'replay-state-opened': 'the replay state was read; `found` says in which condition',
  'replay-floor-lowered': 'the replay state began while the clock was ahead; its floor is the present now',
  'replay-state-disturbed':
    'the file of the replay state was deleted or replaced while the gateway ran; it is written again',
  'replay-state-not-saved':
    'the positions could not be written; after the next start packets of the last seconds are refused',
  'client-blocked':
    'a client, or a network without a valid key, was refused too often and is blocked for a while; qrng-dd unblock ends it',
  unblocked: 'an operator ended a block',
  'position-forgotten':
    'an operator had a collector forgotten; nothing of it that was exposed before the floor is taken',
  'operator-files-unusable':
    'requests in the state directory cannot be read or answered; qrng-dd replay and unblock do not work',
  'clock-leapt':
    'the wall clock of this host was set, or the machine was suspended; check the time service and what rests on the time of day',
  'usage-lost': 'the usage of the day cannot be read; quotas start again',
  'usage-not-written': 'the usage of the day cannot be written; it is tried again each second',
  'usage-written': 'the usage of the day can be written again',
  receiving:
    'packets are received without answers; a small bufferBytes loses datagrams (raise net.core.rmem_max)',
  'receive-failed': 'a one-way input cannot be read; it is tried again',
  'receipt-log-opened': 'receipts are on; verifiers pin this public key',
  'receipt-log-unwritable': 'the receipt log cannot be written; requests that ask for a receipt are refused',
  'receipt-log-unreadable':
    'a file of the receipt log cannot be read; what is in it is answered 503 until it is put back from a backup',
  'receipt-log-writable': 'the receipt log can be written again',
  'receipts-cut': 'retention removed old entries of the receipt log, with a signed note about it',
  'telemetry-malformed': 'a heartbeat does not carry valid telemetry',
  'sequence-gap': 'a collector skipped sequence numbers: packets were lost',
  'push-refused': 'a packet was refused',
  'bad-entropy':
    'what a collector delivers failed the health tests, or passes them again; `standing` says what becomes of it',
  overdrawn: 'a draw was ended: the bytes in the pool are not random',
  'stream-ended-early': 'a stream ended before its last byte',
  'internal-error': 'a request failed because of a defect of the gateway',
} as const;

export type LogEvent = keyof typeof MESSAGES;
export type LogLevel = 'log' | 'warn' | 'error' | 'fatal';
export type LogFields = Readonly<Record<string, string | number | bigint | boolean | object | undefined>>;

/** The `context` of every line of this table. */
export const LOG_CONTEXT = 'gateway';

const logger = new Logger(LOG_CONTEXT);

/** Logs `event` with its fields. Never entropy, keys, MACs or Authorization headers. */
export function logEvent(level: LogLevel, event: LogEvent, fields: LogFields = {}): void {
  logger[level]({ event, ...fields }, MESSAGES[event]);
}
