import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeTelemetry, encodeTelemetry, LOSS_REASONS, MAX_SOURCES, TelemetryError } from './telemetry.js';
import type { SourceTelemetry, Telemetry } from './telemetry.js';

const source: SourceTelemetry = {
  name: 'qrng.lab:8443/a#2',
  up: true,
  state: 'up',
  bytes: 81920,
  healthFailures: { rct: 1 },
  lastError: 'timeout',
};
const telemetry: Telemetry = {
  version: '1.0.0',
  uptimeMs: 12345,
  bufferBytes: 10,
  bufferCapacity: 1048576,
  dropped: { health: 8192 },
  sources: [source],
};

const json = (value: unknown) => Buffer.from(JSON.stringify(value));
const withSource = (fields: object) => json({ ...telemetry, sources: [{ ...source, ...fields }] });

describe('telemetry', () => {
  test('is the same after encoding and decoding', () => {
    expect(decodeTelemetry(encodeTelemetry(telemetry))).toEqual(telemetry);
  });

  test('of a newer collector has more to say, and is the same after encoding and decoding, too', () => {
    const newer: Telemetry = {
      ...telemetry,
      ...{ startedAt: 1_800_000_000_000, deliveredBytes: 5, clockSteps: 1, logLinesLost: 2 },
      pushCertificateExpiresAt: 1_800_000_000_001,
      sources: [{ ...source, quarantines: 3, certificateExpiresAt: 1_800_000_000_002 }],
    };
    expect(decodeTelemetry(encodeTelemetry(newer))).toEqual(newer);
  });

  test('fits into the smallest datagram, with the state of a source or two', () => {
    const number = 123_456_789_012;
    const counters = Object.fromEntries(LOSS_REASONS.map((reason) => [reason, number]));
    const full: Telemetry = {
      ...{ version: '10.20.30', uptimeMs: number, bufferBytes: 1 << 20, bufferCapacity: 1 << 20 },
      ...{ startedAt: 1_800_000_000_000, deliveredBytes: number, clockSteps: 10, logLinesLost: 10_000 },
      dropped: counters,
      sources: Array.from({ length: 3 }, (_, i) => ({
        ...source,
        name: `10.0.0.${i}`,
        healthFailures: counters,
      })),
      mixing: {
        ...{ up: true, state: 'intermittent', sourcesUp: 3, minimum: 3, quarantines: 12 },
        healthFailures: counters,
      },
    };
    const bytes = encodeTelemetry(full, 576 - 48 - 96); // QRNG_UDP_MTU at its lowest, over IPv6
    expect(bytes.length).toBeLessThanOrEqual(576 - 48 - 96);
    expect(decodeTelemetry(bytes)).toMatchObject({
      sources: [{ name: '10.0.0.0', up: true }],
      mixing: { up: true },
    });
  });

  test('fits into a heartbeat with as many sources, names and counters as there can be', () => {
    const counters = (letter: string) =>
      Object.fromEntries(
        Array.from({ length: 16 }, (_, i) => [`${letter.repeat(30)}${i}`, Number.MAX_SAFE_INTEGER]),
      );
    const largest: Telemetry = {
      version: '1'.repeat(32),
      uptimeMs: Number.MAX_SAFE_INTEGER,
      bufferBytes: Number.MAX_SAFE_INTEGER,
      bufferCapacity: Number.MAX_SAFE_INTEGER,
      dropped: counters('d'),
      sources: Array.from({ length: MAX_SOURCES }, (_, i) => ({
        name: `${'n'.repeat(62)}${i + 10}`,
        up: false,
        state: 's'.repeat(32),
        bytes: Number.MAX_SAFE_INTEGER,
        healthFailures: counters('h'),
        lastError: 'e'.repeat(32),
      })),
    };
    const bytes = encodeTelemetry(largest);
    expect(bytes.length).toBeLessThanOrEqual(4096);
    expect(decodeTelemetry(bytes).sources.length).toBeGreaterThan(0);
  });

  test.each([
    ['no JSON', Buffer.from('{')],
    ['no object', json([telemetry])],
    ['more than 4096 bytes', json({ ...telemetry, more: 'x'.repeat(4096) })],
    ['a version with a line feed', json({ ...telemetry, version: '1\n2' })],
    ['a negative counter', json({ ...telemetry, dropped: { health: -1 } })],
    ['a fraction', json({ ...telemetry, uptimeMs: 1.5 })],
    ['a number above 2^53', Buffer.from(json(telemetry).toString().replace('12345', '9007199254740993'))],
    [
      'too many sources',
      json({ ...telemetry, sources: Array.from({ length: 17 }, (_, i) => ({ ...source, name: `s${i}` })) }),
    ],
    ['two sources of one name', json({ ...telemetry, sources: [source, source] })],
    ['a name with a quote', withSource({ name: 'a"b' })],
    ['a name of 65 characters', withSource({ name: 'a'.repeat(65) })],
    ['a state that is no code', withSource({ state: 'On fire' })],
    ['an up that is no boolean', withSource({ up: 1 })],
    ['a date that is no number', withSource({ certificateExpiresAt: 'soon' })],
    ['a negative count that may be absent', json({ ...telemetry, clockSteps: -1 })],
    ['an error with free text', withSource({ lastError: '<html>' })],
  ])('refuses %s', (_, data) => expect(() => decodeTelemetry(data)).toThrow(TelemetryError));

  test('leaves out fields it does not know', () => {
    expect(decodeTelemetry(json({ ...telemetry, later: 1 }))).toEqual(telemetry);
  });

  test('takes or refuses any JSON, and throws nothing but a TelemetryError', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        try {
          decodeTelemetry(json(value));
          return false;
        } catch (error) {
          return error instanceof TelemetryError;
        }
      }),
    );
  });
});
