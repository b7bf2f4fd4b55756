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

/** How a collector is. Sizes in bytes, times in milliseconds, counters since the collector started. */
export interface Telemetry {
  readonly version: string;
  readonly uptimeMs: number;
  readonly bufferBytes: number;
  readonly bufferCapacity: number;
  /** Bytes dropped, by reason (a code). */
  readonly dropped: Readonly<Record<string, number>>;
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
 * UTF-8 JSON of at most `most` bytes, 4096 at the highest. When it would be longer, counters and errors of single sources are left out, then
 * sources from the end.
 *
 * @throws {TelemetryError} when a field is out of the bounds that `decodeTelemetry` accepts.
 */
export function encodeTelemetry(telemetry: Telemetry, most = MAX_HEARTBEAT_BYTES): Buffer {
  const limit = Math.min(most, MAX_HEARTBEAT_BYTES);
  let fitting = checked(telemetry);
  let bytes = Buffer.from(JSON.stringify(fitting));
  if (bytes.length > limit) {
    fitting = { ...fitting, sources: fitting.sources.map(withoutDetails) };
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

function withoutDetails({ name, up, state, bytes, quarantines = 0 }: SourceTelemetry): SourceTelemetry {
  return { name, up, state, bytes, healthFailures: {}, quarantines };
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
  const { lastError, quarantines } = fields;
  return {
    name: text(fields['name'], /^[A-Za-z0-9._:/#-]{1,64}$/, 'name'),
    up: flag(fields['up'], 'up'),
    state: code(fields['state'], 'state'),
    bytes: count(fields['bytes'], 'bytes'),
    healthFailures: counters(fields['healthFailures'], 'healthFailures'),
    ...(quarantines === undefined ? {} : { quarantines: count(quarantines, 'quarantines') }),
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
