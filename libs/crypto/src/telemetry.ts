/**
 * The data of a heartbeat packet: how a collector is, as JSON of at most 4096 bytes.
 *
 * It is the only thing a collector says about itself, since nobody can ask it. The gateway makes metrics of it, so every
 * name and number is bounded here; codes instead of free text keep what an appliance sent out of logs and dashboards.
 */
import { MAX_HEARTBEAT_BYTES } from './packet.js';

/** The most sources a collector has, and so the most label values a gateway makes of one collector. */
export const MAX_SOURCES = 16;
const MAX_COUNTERS = 16;

/** Why bytes that a collector fetched never reached the gateway. */
export const LOSS_REASONS = [
  /** While a source proved itself, or was too few to be tested before it failed. */
  'start_up',
  /** A block that failed a test. */
  'health',
  /** The block that put a source out of use, and what it had delivered around it. */
  'quarantine',
  /** A mixed block that failed a test. */
  'mixed_health',
  /** The gateway will never take the packet (400, 413, 415, 422). */
  'refused',
  /** 409 at the first attempt, and all that was on hand then. */
  'replayed',
  /** On hand when the clock went back or leapt. */
  'clock',
  /** Refused again and again for too long. */
  'expired',
  /** Too old after waiting for room in the gateway's pool, which has enough: no loss. */
  'full',
  /** No answer settled the packet's fate. */
  'unknown',
  /** Could not be delivered within the time that a shutdown has. */
  'shutdown',
] as const;
export type LossReason = (typeof LOSS_REASONS)[number];

/** One source of entropy, as its worker sees it. */
export interface SourceTelemetry {
  /** Host or device path: 1 to 64 of `A-Z a-z 0-9 . _ : / # -`. Different for each source. */
  readonly name: string;
  /** Whether its bytes are in use now. */
  readonly up: boolean;
  /** A code such as `up`, `starting`, `failing`, `intermittent`, `persistent`. */
  readonly state: string;
  /** Bytes fetched from it since the collector started. */
  readonly bytes: number;
  /** How often each health test failed, by the test's code. */
  readonly healthFailures: Readonly<Record<string, number>>;
  /** How often it was put out of use by its health tests. */
  readonly quarantines?: number;
  /** Code of the latest fault. */
  readonly lastError?: string;
  /** When the certificate that it last showed expires, Unix ms. */
  readonly certificateExpiresAt?: number;
}

/** What becomes of several sources together. */
export interface MixingTelemetry {
  /** Whether mixed bytes are passed on: enough sources are up, and mixed blocks pass their tests. */
  readonly up: boolean;
  /** A code, as of a source. */
  readonly state: string;
  readonly sourcesUp: number;
  /** Sources that must be up (QRNG_MIXING_MIN_SOURCES). */
  readonly minimum: number;
  readonly quarantines: number;
  readonly healthFailures: Readonly<Record<string, number>>;
}

/** What a collector signed about its packets (libs/tlog, lineage): the numbers are u64 in decimal. */
export interface LineageTelemetry {
  readonly boot: string;
  readonly from: string;
  readonly to: string;
  /** Leaves of a group, and the roots of all groups one after the other: 32 bytes each, base64. */
  readonly size: number;
  readonly roots: string;
  /** Of the signed note, base64. */
  readonly signature: string;
}

/** How a collector is. Sizes in bytes, times in milliseconds, counters since the collector started. Older ones send less. */
export interface Telemetry {
  readonly version: string;
  readonly uptimeMs: number;
  /** The boot number of its process's first run: its counters start again where this changes, and go on where only the run does. */
  readonly startedAt?: number;
  readonly bufferBytes: number;
  readonly bufferCapacity: number;
  /** Bytes dropped, by reason (a code). */
  readonly dropped: Readonly<Record<string, number>>;
  /** Bytes that the gateway took, or that left on a carrier without answers. */
  readonly deliveredBytes?: number;
  /** How often its clock went back or leapt, so that it began a new run. */
  readonly clockSteps?: number;
  /** Lines of its log that were dropped because nobody read them. */
  readonly logLinesLost?: number;
  /** When its client certificate expires, Unix ms; absent where it has none. */
  readonly pushCertificateExpiresAt?: number;
  readonly sources: readonly SourceTelemetry[];
  /** Absent where nothing is mixed. */
  readonly mixing?: MixingTelemetry;
  /** Absent where nothing is signed. */
  readonly lineage?: LineageTelemetry;
}

/** A heartbeat's data is not telemetry; the message says which field. */
export class TelemetryError extends Error {
  constructor(field: string) {
    super(`telemetry: ${field} is missing, of a wrong type or out of bounds`);
    this.name = 'TelemetryError';
  }
}

/**
 * UTF-8 JSON of at most `most` bytes, 4096 at the highest. Where it would be longer, what is missed least is left out: counters
 * and errors of single sources, then reasons of losses and the counters of the mixing, then sources from the end.
 *
 * @throws {TelemetryError} when a field is out of the bounds that `decodeTelemetry` accepts.
 */
export function encodeTelemetry(telemetry: Telemetry, most = MAX_HEARTBEAT_BYTES): Buffer {
  const limit = Math.min(most, MAX_HEARTBEAT_BYTES);
  let fitting = checked(telemetry);
  let bytes = Buffer.from(JSON.stringify(fitting));
  for (const shorten of [withoutSourceDetails, withoutReasons]) {
    if (bytes.length <= limit) return bytes;
    fitting = shorten(fitting);
    bytes = Buffer.from(JSON.stringify(fitting));
  }
  while (bytes.length > limit && fitting.sources.length > 0) {
    fitting = { ...fitting, sources: fitting.sources.slice(0, -1) };
    bytes = Buffer.from(JSON.stringify(fitting));
  }
  return bytes;
}

/**
 * Telemetry from the data of a heartbeat whose MAC held. Unknown fields are left out, so that a newer collector can
 * talk to an older gateway.
 *
 * @throws {TelemetryError} when it is not telemetry or anything in it is out of bounds.
 */
export function decodeTelemetry(data: Uint8Array): Telemetry {
  if (data.length > MAX_HEARTBEAT_BYTES) throw new TelemetryError('length');
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(data).toString('utf8'));
  } catch {
    throw new TelemetryError('JSON'); // the parser's message quotes the data
  }
  return checked(value);
}

function withoutSourceDetails(telemetry: Telemetry): Telemetry {
  const sources = telemetry.sources.map(({ name, up, state, bytes, ...rest }) => {
    const { quarantines = 0, certificateExpiresAt: expiresAt } = rest;
    const expiry = expiresAt === undefined ? {} : { certificateExpiresAt: expiresAt };
    return { name, up, state, bytes, healthFailures: {}, quarantines, ...expiry };
  });
  return { ...telemetry, sources };
}

function withoutReasons({ mixing, ...telemetry }: Telemetry): Telemetry {
  const shorter = { ...telemetry, dropped: {} };
  return mixing === undefined ? shorter : { ...shorter, mixing: { ...mixing, healthFailures: {} } };
}

function checked(value: unknown): Telemetry {
  const fields = record(value, 'telemetry');
  const sources = fields['sources'];
  if (!Array.isArray(sources) || sources.length > MAX_SOURCES) throw new TelemetryError('sources');
  const { mixing, lineage } = fields;
  const telemetry = {
    version: text(fields['version'], /^[0-9A-Za-z.+-]{1,32}$/, 'version'),
    uptimeMs: count(fields['uptimeMs'], 'uptimeMs'),
    bufferBytes: count(fields['bufferBytes'], 'bufferBytes'),
    bufferCapacity: count(fields['bufferCapacity'], 'bufferCapacity'),
    dropped: counters(fields['dropped'], 'dropped'),
    ...optionalCounts(fields, [
      'startedAt',
      'deliveredBytes',
      'clockSteps',
      'logLinesLost',
      'pushCertificateExpiresAt',
    ]),
    sources: sources.map(checkedSource),
    ...(mixing === undefined ? {} : { mixing: checkedMixing(mixing) }),
    ...(lineage === undefined ? {} : { lineage: checkedLineage(lineage) }),
  };
  // Two sources of one name would be one metric with two values.
  const names = new Set(telemetry.sources.map((source) => source.name));
  if (names.size !== telemetry.sources.length) throw new TelemetryError('sources');
  return telemetry;
}

function checkedSource(value: unknown): SourceTelemetry {
  const fields = record(value, 'source');
  const { lastError } = fields;
  return {
    name: text(fields['name'], /^[A-Za-z0-9._:/#-]{1,64}$/, 'name'),
    up: flag(fields['up'], 'up'),
    state: code(fields['state'], 'state'),
    bytes: count(fields['bytes'], 'bytes'),
    healthFailures: counters(fields['healthFailures'], 'healthFailures'),
    ...optionalCounts(fields, ['quarantines', 'certificateExpiresAt']),
    ...(lastError === undefined ? {} : { lastError: code(lastError, 'lastError') }),
  };
}

function checkedMixing(value: unknown): MixingTelemetry {
  const fields = record(value, 'mixing');
  return {
    up: flag(fields['up'], 'mixing'),
    state: code(fields['state'], 'mixing'),
    sourcesUp: count(fields['sourcesUp'], 'mixing'),
    minimum: count(fields['minimum'], 'mixing'),
    quarantines: count(fields['quarantines'], 'mixing'),
    healthFailures: counters(fields['healthFailures'], 'mixing'),
  };
}

function checkedLineage(value: unknown): LineageTelemetry {
  const fields = record(value, 'lineage');
  const number = /^(0|[1-9]\d{0,19})$/;
  return {
    boot: text(fields['boot'], number, 'lineage'),
    from: text(fields['from'], number, 'lineage'),
    to: text(fields['to'], number, 'lineage'),
    size: count(fields['size'], 'lineage'),
    roots: text(fields['roots'], /^[A-Za-z0-9+/]{43,1366}={0,2}$/, 'lineage'),
    signature: text(fields['signature'], /^[A-Za-z0-9+/]{91}=$/, 'lineage'),
  };
}

function flag(value: unknown, field: string): boolean {
  if (typeof value !== 'boolean') throw new TelemetryError(field);
  return value;
}

function counters(value: unknown, field: string): Record<string, number> {
  const entries = Object.entries(record(value, field));
  if (entries.length > MAX_COUNTERS) throw new TelemetryError(field);
  return Object.fromEntries(entries.map(([name, number]) => [code(name, field), count(number, field)]));
}

/** Those of `names` that are there. */
function optionalCounts<T extends string>(
  fields: Record<string, unknown>,
  names: readonly T[],
): Partial<Record<T, number>> {
  const given = names.filter((name) => fields[name] !== undefined);
  return Object.fromEntries(given.map((name) => [name, count(fields[name], name)])) as Partial<
    Record<T, number>
  >;
}

function record(value: unknown, field: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TelemetryError(field);
  return { ...value };
}

function code(value: unknown, field: string): string {
  return text(value, /^[a-z][a-z0-9_-]{0,31}$/, field);
}

function text(value: unknown, pattern: RegExp, field: string): string {
  if (typeof value !== 'string' || !pattern.test(value)) throw new TelemetryError(field);
  return value;
}

function count(value: unknown, field: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw new TelemetryError(field);
  return value;
}
