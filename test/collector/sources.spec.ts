/** What the collector passes on of sources that fail in every known way, over real TLS and for each mixing strategy. */
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createSources, EntropySources } from '#libs/quantis';
import { startSimulator } from '#libs/quantis/simulator';
import type { Fault, FaultKind, LieKind, Simulator } from '#libs/quantis/simulator';
import { readSettings } from '#libs/settings';
import { CollectorSettings } from '../../apps/collector/src/settings.js';
import { OutputBuffer } from '../../apps/collector/src/sources/output-buffer.js';
import { SourcesService } from '../../apps/collector/src/sources/sources.service.js';
import { Ledger } from '../../apps/collector/src/ledger/ledger.js';
import type { IssuedCertificate } from '../../tools/certificates/authority.js';
import { testAuthority, temporaryFolder } from '../support/gateway.js';
import type { Environment } from '../support/gateway.js';
import { until } from '../support/until.js';

const CHUNK = 8192;
const TIMEOUT_MS = 500;
/** The fourth and the two next answers are faulty. */
const FAULTY = { from: 4, to: 6 };

let certificate: IssuedCertificate;
let caFile: string;
const closing: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  const authority = await testAuthority();
  certificate = await authority.issue({ commonName: 'SIMULATED appliance', hosts: ['127.0.0.1'] });
  caFile = join(temporaryFolder(), 'ca.pem');
  writeFileSync(caFile, authority.certificatePem);
  Logger.overrideLogger(false);
});
afterAll(() => {
  Logger.overrideLogger(['error']);
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A simulated appliance, and the chunks it gave that are not faulty. */
class Appliance {
  readonly good: Buffer[] = [];
  simulator!: Simulator;

  constructor(private readonly fails = false) {}

  async start(): Promise<this> {
    const onDelivered = (bytes: Buffer): void => this.#note(Buffer.from(bytes));
    this.simulator = await startSimulator({ ...certificate, onDelivered });
    closing.push(() => this.simulator.close());
    return this;
  }

  static start(): Promise<Appliance> {
    return new Appliance().start();
  }

  /** One that plays `fault` for three answers, after three good ones. */
  static async failing(fault: Fault): Promise<Appliance> {
    const appliance = await new Appliance(true).start();
    appliance.simulator.plan({ kind: 'none', times: FAULTY.from - 1 });
    appliance.simulator.plan({ ...fault, times: FAULTY.to - FAULTY.from + 1 });
    return appliance;
  }

  #note(bytes: Buffer): void {
    const { requests } = this.simulator;
    if (!this.fails || requests < FAULTY.from || requests > FAULTY.to) this.good.push(bytes);
  }
}

/** Sources, mixer and output as the collector wires them, without a gateway. */
class Rig {
  readonly ledger = new Ledger();
  readonly output: OutputBuffer;
  readonly service: SourcesService;
  readonly out: Buffer[] = [];

  constructor(urls: readonly string[], env: Environment, timeoutMs = TIMEOUT_MS) {
    const { settings } = readSettings(CollectorSettings, {
      QRNG_APPLIANCE_URLS: urls.join(),
      QRNG_PUSH_URL: 'https://localhost/push',
      QRNG_HMAC_SECRET_KEY: randomBytes(32).toString('hex'),
      QRNG_STATE_DIR: '/nowhere',
      QRNG_FETCH_INTERVAL_MS: '5',
      QRNG_INITIAL_BACKOFF_MS: '10',
      QRNG_MAX_BACKOFF_MS: '40',
      ...env,
    });
    const sources = new EntropySources(createSources({ urls, caFile, timeoutMs }));
    this.output = new OutputBuffer(settings.QRNG_BUFFER_SIZE);
    this.service = new SourcesService(settings, sources, this.output, this.ledger);
    closing.push(async () => {
      await this.service.onModuleDestroy();
      await sources.onApplicationShutdown();
    });
    this.service.start();
  }

  /** Takes what is in the output, as a push would; all of it so far. */
  drain(): Buffer {
    if (this.output.length > 0) this.out.push(this.output.take(this.output.length));
    return Buffer.concat(this.out);
  }

  /** Resolves when `bytes` more came out. */
  async more(bytes: number): Promise<void> {
    const goal = this.drain().length + bytes;
    await until(`${bytes} more bytes`, () => this.drain().length >= goal, {
      describe: () => JSON.stringify(this.service.telemetry()),
    });
  }

  /** Resolves when nothing came out for a while. */
  async still(): Promise<void> {
    for (
      let before = -1;
      before !== this.drain().length;
      await new Promise((wake) => setTimeout(wake, 300))
    ) {
      before = this.drain().length;
    }
  }

  expectBalance(): void {
    expect(this.ledger.expectedOnHand()).toBe(this.drain().length + this.service.bufferedBytes());
  }

  telemetry(index: number) {
    return this.service.telemetry()[index];
  }
}

const chunksOf = (bytes: Buffer): string[] =>
  Array.from({ length: Math.ceil(bytes.length / CHUNK) }, (_, i) =>
    hash(bytes.subarray(i * CHUNK, (i + 1) * CHUNK)),
  );
const hash = (bytes: Buffer): string => bytes.toString('base64');

/** Every fault that the simulator plays and one answer shows; lies.spec.ts plays those that take longer. */
const FAULTS: Readonly<Record<Exclude<FaultKind, LieKind | 'none'>, Omit<Fault, 'kind'>>> = {
  short: {},
  oversized: {},
  html: {},
  text: {},
  hex: {},
  base64: {},
  json: {},
  'stuck-byte': { value: 0xa5 },
  'stuck-bit': { value: 7 },
  counter: {},
  repeat: {},
  zeros: {},
  biased: {},
  truncated: {},
  stall: {},
  slow: { value: 1000 },
  reset: {},
  status: { value: 503 },
  redirect: {},
  headers: {},
  partial: {},
  codings: {},
  early: { value: 1000 },
  phrase: { value: 1_000_000 },
};

describe.each(Object.keys(FAULTS) as (keyof typeof FAULTS)[])('an appliance with the fault "%s"', (kind) => {
  test('passes on its good chunks alone, each once, and is used again afterwards', async () => {
    const appliance = await Appliance.failing({ kind, ...FAULTS[kind] });
    const rig = new Rig([appliance.simulator.url], {});
    await until('the fault is over', () => appliance.simulator.requests > FAULTY.to + 2, {
      describe: () => JSON.stringify(rig.service.telemetry()),
    });
    await rig.more(3 * CHUNK);
    const chunks = chunksOf(rig.drain());
    const good = new Set(appliance.good.map(hash));
    expect(chunks.filter((chunk) => !good.has(chunk))).toEqual([]);
    expect(new Set(chunks).size).toBe(chunks.length);
    expect(rig.telemetry(0)).toMatchObject({ up: true });
    rig.expectBalance();
  });

  test.each(['xor', 'hkdf'])('beside a good one, mixed with %s: only good chunks go in', async (strategy) => {
    const faulty = await Appliance.failing({ kind, ...FAULTS[kind] });
    const other = await Appliance.start();
    const rig = new Rig([faulty.simulator.url, other.simulator.url], { QRNG_MIXING_STRATEGY: strategy });
    await until('the fault is over', () => faulty.simulator.requests > FAULTY.to + 2);
    await rig.more(3 * CHUNK);
    await rig.service.onModuleDestroy();
    const out = rig.drain();
    if (strategy === 'xor') {
      const good = new Set(faulty.good.map(hash));
      const unmixed = chunksOf(out).map((chunk) =>
        other.good.map((own) => hash(xor(Buffer.from(chunk, 'base64'), own))),
      );
      expect(unmixed.filter((candidates) => !candidates.some((chunk) => good.has(chunk)))).toEqual([]);
    }
    expect(rig.telemetry(1)).toMatchObject({ up: true, healthFailures: {} });
    rig.expectBalance();
  });
});

function xor(a: Buffer, b: Buffer): Buffer {
  return a.map((byte, i) => byte ^ (b[i] ?? 0)) as Buffer;
}

describe('sources', () => {
  test('leave no byte before the start-up test is over', async () => {
    const appliance = await Appliance.start();
    const rig = new Rig([appliance.simulator.url], { QRNG_FETCH_CHUNK_SIZE: '1024' });
    await rig.more(4096);
    expect(rig.drain().length % 8192).toBe(0); // blocks leave whole, the first one once it was judged
    expect(rig.drain().equals(Buffer.concat(appliance.good).subarray(0, rig.drain().length))).toBe(true);
    rig.expectBalance();
  });

  test('of which a block begins well and ends badly leave nothing of it, in chunks of any size', async () => {
    const url = await serving((n) => Promise.resolve(n < 23 ? randomBytes(1000) : Buffer.alloc(1000, 0xee)));
    const rig = new Rig([url], { QRNG_FETCH_CHUNK_SIZE: '1000' });
    await until('a quarantine', () => rig.telemetry(0)?.state === 'intermittent');
    // Two blocks were good; the third has 6616 good bytes and 1576 bad ones.
    expect(rig.ledger.totals().dropped['quarantine']).toBeGreaterThanOrEqual(8192);
    expect(rig.drain().includes(Buffer.alloc(4, 0xee))).toBe(false);
    rig.expectBalance();
  });

  test('that are away for a while prove themselves again before they are used', async () => {
    const appliance = await Appliance.start();
    const rig = new Rig([appliance.simulator.url], { QRNG_FETCH_CHUNK_SIZE: '1000' });
    await rig.more(8192);
    appliance.simulator.plan({ kind: 'reset', times: 3 });
    await until('the outage', () => rig.telemetry(0)?.state === 'failing');
    // What was too little for a block before the outage is no part of one after it.
    expect(rig.ledger.totals().dropped['start_up'] ?? 0).toBeLessThan(8192);
    await rig.more(16_384);
    rig.expectBalance();
  });

  test('that ask for a pause (429, Retry-After) get it', async () => {
    const appliance = await Appliance.start();
    appliance.simulator.plan({ kind: 'status', value: 429, retryAfter: 1 });
    const began = performance.now();
    await new Rig([appliance.simulator.url], { QRNG_MAX_BACKOFF_MS: '5000' }).more(CHUNK);
    expect(performance.now() - began).toBeGreaterThanOrEqual(1000);
  });

  test('that fail badly again and again are tested again each time, pass on nothing, and wait for an operator in the end', async () => {
    const appliance = await Appliance.start();
    appliance.simulator.plan({ kind: 'stuck-bit', value: 0, times: 10 });
    const rig = new Rig([appliance.simulator.url], {});
    await until('a latch', () => rig.telemetry(0)?.state === 'persistent');
    expect(rig.drain().length).toBe(0);
    expect(rig.telemetry(0)).toMatchObject({ up: false, quarantines: 10, healthFailures: { stuck_bit: 10 } });
    expect(appliance.simulator.requests).toBe(10);
    expect(rig.service.release(['another'])).toEqual([]);
    expect(rig.service.release()).toEqual([rig.telemetry(0)?.name]);
    await rig.more(CHUNK);
    expect(rig.telemetry(0)).toMatchObject({ up: true, state: 'up' });
    rig.expectBalance();
  });

  test('of which each block fails softly are out of use after the third, and write some lines, not one for each', async () => {
    const lines: unknown[] = [];
    const note = (line: unknown): number => lines.push(line);
    Logger.overrideLogger({ log: note, warn: note, error: note });
    const url = await serving((n) => {
      const block = randomBytes(CHUNK);
      if (n > 0) block.fill(7, 100, 109).fill(8, 109, 110).fill(8, 99, 100);
      return Promise.resolve(block);
    });
    const rig = new Rig([url], {});
    await until('a latch', () => rig.telemetry(0)?.state === 'persistent');
    Logger.overrideLogger(false);
    const events = (event: string): unknown[] =>
      lines.filter((line) => (line as { event?: string }).event === event);
    expect(events('source-block-dropped')[0]).toMatchObject({ tests: ['rct'], times: 1, bytes: CHUNK });
    expect(events('source-quarantined')[0]).toMatchObject({ tests: ['rct'], addedUp: true });
    expect(events('source-latched')).toHaveLength(1);
    expect(lines.length).toBeLessThan(12);
    expect(rig.telemetry(0)).toMatchObject({ quarantines: 10, healthFailures: { rct: 30 } });
    expect(rig.drain().length).toBeLessThanOrEqual(CHUNK);
    rig.expectBalance();
  });

  test('of which one drops out: by default nothing is passed on without it', async () => {
    const [a, b] = [await Appliance.start(), await Appliance.start()];
    const rig = new Rig([a.simulator.url, b.simulator.url], { QRNG_MIXING_STRATEGY: 'hkdf' });
    await rig.more(CHUNK);
    b.simulator.plan({ kind: 'reset', times: 1e9 });
    await until('the source is down', () => rig.telemetry(1)?.state === 'failing');
    await rig.still();
    b.simulator.clearPlan();
    await rig.more(4 * CHUNK);
    rig.expectBalance();
  });

  test('of which one drops out, go on if QRNG_MIXING_MIN_SOURCES says so', async () => {
    const [a, b] = [await Appliance.start(), await Appliance.start()];
    const env = { QRNG_MIXING_STRATEGY: 'xor', QRNG_MIXING_MIN_SOURCES: '1' };
    const rig = new Rig([a.simulator.url, b.simulator.url], env);
    b.simulator.plan({ kind: 'reset', times: 1e9 });
    await until('the source is down', () => rig.telemetry(1)?.state === 'failing');
    await rig.more(8 * CHUNK);
    rig.expectBalance();
  });

  test('of which one is slow do not wait for it, as long as enough are left', async () => {
    const [fast, alsoFast, slow] = [
      await Appliance.start(),
      await Appliance.start(),
      await Appliance.start(),
    ];
    slow.simulator.plan({ kind: 'slow', value: 10_000, times: 1e9 }); // a chunk takes 0.8 s
    const urls = [fast, alsoFast, slow].map(({ simulator }) => simulator.url);
    const rig = new Rig(urls, { QRNG_MIXING_STRATEGY: 'xor', QRNG_MIXING_MIN_SOURCES: '2' }, 30_000);
    await until('the slow one contributed', () => {
      rig.drain(); // else all of them rest once the output is full
      return rig.telemetry(2)?.up === true && slow.good.length > 2;
    });
    await rig.more(20 * CHUNK);
    expect(fast.good.length).toBeGreaterThan(3 * slow.good.length);
    rig.expectBalance();
  });

  test('of which one repeats what another gave are found out, at any offset', async () => {
    const original = await Appliance.start();
    // A cache in the way: it gives what the appliance gave already, from the middle of a chunk on.
    const cache = await serving(async () => {
      await until('two answers of the original', () => original.good.length >= 2);
      return Buffer.concat(original.good.slice(0, 2)).subarray(5000, 5000 + CHUNK);
    });
    const rig = new Rig([original.simulator.url, cache], { QRNG_MIXING_STRATEGY: 'xor' });
    const copies = (): number =>
      rig.service
        .telemetry()
        .reduce((sum, { healthFailures }) => sum + (healthFailures['duplicate_source'] ?? 0), 0);
    await until('the copy is found out', () => copies() > 0);
    expect(rig.service.telemetry().some(({ quarantines = 0 }) => quarantines > 0)).toBe(true);
    rig.expectBalance();
  });

  test('that look healthy, but of which one is made from the other, are caught after mixing', async () => {
    const original = await Appliance.start();
    const inverted = await serving((n) =>
      until('the original', () => original.good[n]).then((bytes) => bytes.map((byte) => byte ^ 0x5a)),
    );
    const rig = new Rig([original.simulator.url, inverted], { QRNG_MIXING_STRATEGY: 'xor' }, 30_000);
    await until('mixed blocks', () => (rig.ledger.totals().dropped['mixed_health'] ?? 0) >= 5 * CHUNK);
    expect(rig.service.telemetry()).toMatchObject([{ up: true }, { up: true }]);
    await until('a latch', () => rig.service.mixing()?.state === 'persistent', {
      describe: () => JSON.stringify([rig.service.telemetry(), rig.service.mixing(), rig.ledger.totals()]),
    });
    expect(rig.service.mixing()).toMatchObject({ up: false, sourcesUp: 2, minimum: 2, quarantines: 10 });
    expect(rig.drain().length).toBe(0);
    expect(rig.service.release()).toEqual(['mixed']);
    rig.expectBalance();
  });

  test('of which one is the other with its bytes swapped in pairs: not one mixed block leaves', async () => {
    const original = await Appliance.start();
    const swapped = await serving((n) =>
      until('the original', () => original.good[n]).then((bytes) => Buffer.from(bytes).swap16()),
    );
    const rig = new Rig([original.simulator.url, swapped], { QRNG_MIXING_STRATEGY: 'xor' }, 30_000);
    await until('a latch', () => rig.service.mixing()?.state === 'persistent', {
      describe: () => JSON.stringify([rig.service.telemetry(), rig.service.mixing(), rig.ledger.totals()]),
    });
    expect(rig.drain().length).toBe(0);
    rig.expectBalance();
  });

  test('with a few bits a byte are conditioned to full ones', async () => {
    const nibbles = (): Promise<string> =>
      serving(() => Promise.resolve(randomBytes(CHUNK).map((byte) => byte & 0x0f)));
    const env = { QRNG_MIXING_STRATEGY: 'cbc-mac', QRNG_SOURCE_MIN_ENTROPY: '4' };
    const rig = new Rig([await nibbles(), await nibbles()], env);
    await rig.more(8 * CHUNK);
    const { fetched, mixedIn } = rig.ledger.totals();
    const held = rig.service.bufferedBytes();
    expect(mixedIn).toBe(rig.drain().length * 5); // three parts of each of two sources for one
    expect(fetched - held).toBe(rig.drain().length * 6);
    expect(rig.service.mixing()).toMatchObject({ up: true, state: 'up', healthFailures: {} });
    rig.expectBalance();
  });

  test('may be a device with short reads', async () => {
    const fifo = join(temporaryFolder(), 'qrandom0');
    execFileSync('mkfifo', [fifo]);
    const script =
      'for(;;) require("fs").writeSync(1, require("crypto").randomBytes(1 + Math.random() * 700))';
    const writer = spawn('sh', ['-c', `exec "${process.execPath}" -e '${script}' > "${fifo}"`]);
    closing.push(async () => {
      const ended = once(writer, 'exit');
      writer.kill('SIGKILL');
      await ended;
    });
    const rig = new Rig([`file://${fifo}`], {});
    await rig.more(20 * CHUNK);
    expect(rig.telemetry(0)).toMatchObject({ name: fifo, up: true, healthFailures: {} });
    rig.expectBalance();
  });
});

/** The URL of an HTTPS server that answers its n-th request, from 0, with these bytes. */
async function serving(answer: (n: number) => Promise<Uint8Array>): Promise<string> {
  let n = 0;
  const server = createServer(
    { cert: certificate.certificatePem, key: certificate.keyPem },
    (_, response) => {
      answer(n++).then(
        (bytes) => response.writeHead(200, { 'content-length': bytes.length }).end(bytes),
        () => response.destroy(),
      );
    },
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}/api/2.0/streambytes`;
}
