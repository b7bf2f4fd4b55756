/** When packets leave, on a clock that the test moves, through a carrier that answers what the test says. */
import { randomBytes } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { EntropySources } from '#libs/quantis';
import type { EntropySource } from '#libs/quantis';
import { readSettings } from '#libs/settings';
import { Ledger } from '../ledger/ledger.js';
import { CollectorSettings } from '../settings.js';
import { OutputBuffer } from '../sources/output-buffer.js';
import { SourcesService } from '../sources/sources.service.js';
import { TelemetryService } from '../telemetry/telemetry.service.js';
import { Carrier } from './carrier.js';
import { Identity } from './identity.js';
import { GIVE_UP_AFTER_MS } from './outbox.js';
import type { Outcome } from './outbox.js';
import { PushScheduler } from './push.scheduler.js';

const MINUTE_MS = 60_000;
const ROUND_TRIP_MS = 10;

const SILENT: EntropySource = {
  name: 'silent',
  fetch: () => new Promise(() => undefined),
  close: () => Promise.resolve(),
};

/** Answers each packet in the same way. */
class Answering extends Carrier {
  readonly maxData = 65_536;
  sent = 0;

  constructor(private readonly outcome: Outcome) {
    super();
  }

  send(): Promise<Outcome> {
    this.sent++;
    return new Promise((resolve) => setTimeout(() => resolve(this.outcome), ROUND_TRIP_MS));
  }

  abort(): void {
    // Each answer comes in time.
  }
}

beforeEach(() => {
  Logger.overrideLogger(false);
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
});
afterEach(() => {
  jest.useRealTimers();
  Logger.overrideLogger(['error']);
});

function schedulerOf(carrier: Carrier, bytes: Buffer): PushScheduler {
  const { settings } = readSettings(CollectorSettings, {
    QRNG_APPLIANCE_URLS: 'http://127.0.0.1:1/',
    QRNG_PUSH_URL: 'http://127.0.0.1:1/push',
    QRNG_HMAC_SECRET_KEY: randomBytes(32).toString('hex'),
    QRNG_STATE_DIR: '/nowhere', // is written to for a second run alone
  });
  const [output, ledger] = [new OutputBuffer(settings.QRNG_BUFFER_SIZE), new Ledger()];
  const sources = new SourcesService(settings, new EntropySources([SILENT]), output, ledger);
  const identity = new Identity(settings, BigInt(Date.now()));
  output.push(bytes);
  const telemetry = new TelemetryService(sources, output, ledger);
  return new PushScheduler(settings, output, carrier, identity, telemetry);
}

test('a gateway without room even for heartbeats is left alone as long as any that is full, also when one has to go first', async () => {
  const carrier = new Answering({ kind: 'answer', status: 507 });
  const scheduler = schedulerOf(carrier, randomBytes(1000));
  scheduler.start();
  await jest.advanceTimersByTimeAsync(GIVE_UP_AFTER_MS + MINUTE_MS);
  const before = carrier.sent;
  await jest.advanceTimersByTimeAsync(10 * MINUTE_MS);
  const perMinute = (carrier.sent - before) / 10;
  expect(perMinute).toBeGreaterThanOrEqual(1);
  expect(perMinute).toBeLessThan(20);
  const ended = scheduler.beforeApplicationShutdown();
  await jest.advanceTimersByTimeAsync(MINUTE_MS);
  await ended;
});
