/** Every event that the collector logs, with its one message; what varies goes into fields. */
import { Logger } from '@nestjs/common';

const MESSAGES = {
  started: 'the collector began a run',
  stopped: 'the collector ended its run; these are its byte counts',
  fatal: 'the collector cannot go on',
  'unknown-setting': 'an environment variable is not a setting of the collector',
  'setting-without-effect': 'a setting was given that does nothing beside the others',
  'clock-behind':
    "this host's clock is behind the start of an earlier run: one of the two was wrong, check it. The boot number goes up by one, or begins with the present clock where that run's lay too far ahead",
  'clock-went-back':
    "this host's clock went back by more than a minute; all bytes on hand are dropped, a new run begins",
  'clock-leapt':
    "this host's clock leapt ahead, as after a suspension or a restored snapshot; all bytes on hand are dropped, a new run begins",
  'credentials-reloaded': 'took over keys and certificates from their files',
  'certificate-expiring': 'a certificate expires soon; replace it',
  'certificate-expired': 'a certificate in use has expired; what it is for is refused until it is replaced',
  'reloads-not-written':
    'the outcome of a reload cannot be written to the state directory; operator commands cannot see it',
  'settings-reloaded': 'the settings changed: `changed` are in use, `waiting` from the next start on',
  'settings-refused':
    'the settings on disk are invalid; the old ones stay in use, and the next start would fail',
  'credentials-refused': 'keys or certificates on disk cannot be used; the old ones stay in use',
  'source-up': 'a source passed its start-up test and is in use',
  'source-failing':
    'a fetch failed; the source is tried again with back-off, and tested again before it is used',
  'source-block-dropped': 'a block failed a health test and was dropped',
  'source-quarantined':
    'a source failed a health test badly, or softly for the third time; it is out of use until it passes a longer start-up test',
  'source-latched':
    'a source failed its health tests ten times within a day; it stays out of use until an operator releases it: qrng-dd sources release',
  'source-released': 'an operator released a source; it is tested and used again',
  'mixing-stopped': 'too few sources are up for QRNG_MIXING_MIN_SOURCES; nothing is passed on',
  'mixing-degraded': 'some sources are down; the others are mixed without them',
  'mixing-restored': 'all sources are mixed again',
  'mixed-block-dropped': 'a mixed block failed a health test and was dropped',
  'mixed-quarantined':
    'mixed blocks failed a health test badly: the sources depend on each other. Nothing is mixed until new blocks pass a start-up test',
  'mixed-latched':
    'mixed blocks failed their health tests ten times within a day; nothing is mixed until an operator releases it: qrng-dd sources release',
  'mixed-released': 'an operator released the mixing; blocks are mixed and tested again',
  'operator-files-unusable':
    'requests in the state directory cannot be read or answered; qrng-dd sources does not work',
  'push-resumed': 'the gateway takes packets again',
  'push-unreachable': 'nothing could be sent to the gateway; bytes are kept',
  'push-unsettled': 'no answer says whether the gateway took the packet; the same packet is sent again',
  'push-full': "the gateway's pool is full; bytes are kept",
  'push-not-ready': 'the gateway is not ready; bytes are kept',
  'push-unauthorized':
    'the gateway refused the key or client certificate; nothing is sealed until it takes them. Check QRNG_HMAC_SECRET_KEY and QRNG_PUSH_CERT_FILE',
  'push-refused': 'the gateway will never take this packet; its bytes are dropped',
  'push-stale':
    "the packet's bytes are dropped: sealed before the gateway's state began (normal once, when it is new), or outside of its window; if it goes on, check the clocks of both hosts",
  'push-replayed':
    'the gateway has already taken this number. Another collector uses this QRNG_COLLECTOR_ID, or this machine or its state directory was restored or copied',
  'run-replaced':
    'another collector uses the numbers of this run, and may have sent what is on hand: all of it is dropped, a new run begins',
  'push-expired': 'the gateway refused these bytes for four minutes; they are dropped',
  'push-surplus':
    "the gateway's pool stayed full for four minutes; these bytes are too old now and are dropped",
  'push-withdrawn':
    'bytes that waited to be sent are dropped: the source that they are from failed a health test badly',
  'push-given-up':
    'no answer said whether the gateway took the packet; its bytes are dropped, never sealed again',
  'diode-breached': 'this process has a socket that takes what others send; ending at once',
  'diode-unproven':
    'the list of sockets cannot be read, so that nothing shows that none listens; ending at once',
} as const;

export type LogEvent = keyof typeof MESSAGES;
export type LogLevel = 'log' | 'warn' | 'error' | 'fatal';
export type LogFields = Readonly<Record<string, string | number | bigint | boolean | object | undefined>>;

const logger = new Logger('collector');

/** Logs `event` with its fields. Never entropy, keys, MACs, or text that the other side sent. */
export function logEvent(level: LogLevel, event: LogEvent, fields: LogFields = {}): void {
  logger[level]({ event, ...fields }, MESSAGES[event]);
}
