/** A state directory in whose place another one appears while an app runs: a second process could have that, and both would go on. */
import { randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { temporaryFolder } from './support/gateway.js';
import { GatewayProcess } from './support/gateway-process.js';
import { startScene } from './support/scene.js';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** An app that runs: its state directory, and how it ended with which words. */
interface Started {
  readonly state: string;
  readonly ended: () => Promise<{ readonly code: unknown; readonly errors: string }>;
}

async function startedGateway(env = {}): Promise<Started> {
  const { run, ...gateway } = await started(env);
  const ended = async () => ({ code: (await run.ended).code, errors: run.errors });
  return { state: gateway.env['QRNG_STATE_DIR'] ?? '', ended };
}

async function started(env: Record<string, string | undefined> = {}): Promise<GatewayProcess> {
  const gateway = await GatewayProcess.start(env);
  closing.push(() => gateway.close());
  return gateway;
}

async function startedCollector(): Promise<Started> {
  const scene = await startScene();
  closing.push(() => scene.close());
  const { collector } = scene;
  await collector.logged('source-up');
  const ended = async () => {
    const code = await collector.exited;
    const lines = collector.output.split('\n').filter((line) => !line.startsWith('{'));
    return { code, errors: lines.join('\n') };
  };
  return { state: collector.env['QRNG_STATE_DIR'] ?? '', ended };
}

/** What may become of a state directory. */
const REPLACED: readonly [string, (state: string) => void][] = [
  [
    'moved away, with a copy put in its place',
    (state) => {
      renameSync(state, `${state}.old`);
      cpSync(`${state}.old`, state, { recursive: true });
    },
  ],
  [
    'moved away, with an empty one in its place',
    (state) => {
      renameSync(state, `${state}.old`);
      mkdirSync(state);
    },
  ],
  ['deleted', (state) => rmSync(state, { recursive: true })],
];

const ONE_LINE = {
  code: 75,
  errors: expect.stringMatching(/^QRNG_STATE_DIR is not the directory any more [^\n]+\n$/),
};

describe('a state directory', () => {
  test.each(REPLACED)('of a collector that is %s ends it with 75 and one line', async (_, replace) => {
    const { state, ended } = await startedCollector();
    replace(state);
    expect(await ended()).toEqual(ONE_LINE);
  });

  test('of a gateway that is deleted ends it likewise', async () => {
    const { state, ended } = await startedGateway();
    rmSync(state, { recursive: true });
    expect(await ended()).toEqual(ONE_LINE);
  });
});

test('a gateway whose audit directory is moved away ends with 75 and one line', async () => {
  const audit = join(temporaryFolder(), 'trail');
  const { ended } = await startedGateway({ QRNG_AUDIT_DIR: audit });
  renameSync(audit, `${audit}.old`);
  expect(await ended()).toEqual({
    code: 75,
    errors: expect.stringMatching(/^QRNG_AUDIT_DIR is not [^\n]+\n$/),
  });
});

test('what a gateway took until it noticed that a copy had replaced its directory is refused once that is put back', async () => {
  const gateway = await started();
  const state = gateway.env['QRNG_STATE_DIR'] ?? '';
  const taken: Buffer[] = [];
  // The clock of this collector is ahead: each of its packets waits until the bound was raised.
  const push = async (leadMs: number): Promise<void> => {
    const packet = gateway.collector.seal(randomBytes(16), { timestamp: BigInt(Date.now() + leadMs) });
    if ((await gateway.push(packet)).status === 204) taken.push(packet);
  };
  await push(0);
  renameSync(state, `${state}.old`);
  cpSync(`${state}.old`, state, { recursive: true });
  try {
    for (let lead = 1000; lead < 59_000; lead += 1000) await push(lead);
  } catch {
    // it has ended
  }
  expect({ ...(await gateway.run.ended), errors: gateway.run.errors }).toEqual({ ...ONE_LINE, signal: null });
  renameSync(state, `${state}.copy`);
  renameSync(`${state}.old`, state);
  const again = await started(gateway.env);
  const answers = [];
  for (const packet of taken) answers.push((await again.push(packet)).status);
  expect(answers).toEqual(taken.map(() => 422));
});
