/**
 * What each stage of the collector costs by itself, in processor time a MB; the pipeline's rows have the whole way, pushes included.
 *
 *   fetch (from a simulated appliance over TLS) -> health tests -> mixing of two sources -> sealing
 */
import { randomBytes } from 'node:crypto';
import { MacKey, sealPacket } from '#libs/crypto';
import { BLOCK_BYTES, mix, SourceHealth, wipeAndFree } from '#libs/entropy';
import type { MixingStrategy } from '#libs/entropy';
import { createSources } from '#libs/quantis';
import { MB, startSimulator } from './pipeline-processes.js';
import type { Setup } from './setup.js';
import type { Line, Report, Row } from './table.js';

const ROW = 'collector, by stage';
const CHUNK = 65_536;
/** What the code takes to be compiled, and what is measured after that. */
const WARM_MB = 16;
const QUICK_MB = 1;
const SLICE_MB = 16;

export const collectorRows: Row[] = [{ name: ROW, run }];

type Stage = readonly [name: string, bytes: number, once: () => void | Promise<void>];

async function run(setup: Setup): Promise<Report> {
  const simulator = await startSimulator(setup, Infinity);
  const [source] = createSources({
    urls: [`https://127.0.0.1:${simulator.port}/api/2.0/streambytes`],
    caFile: setup.path('ca.pem'),
  });
  const fetch = async (bytes: number): Promise<void> => {
    const chunk = await source?.fetch(bytes);
    if (chunk !== undefined) wipeAndFree(chunk);
  };
  const stages: Stage[] = [
    ['fetch, 64 KiB', CHUNK, () => fetch(CHUNK)],
    ['fetch, 8 KiB', BLOCK_BYTES, () => fetch(BLOCK_BYTES)],
    ...localStages(),
  ];
  try {
    const lines: Line[] = [];
    for (const stage of stages) lines.push(await measure(stage, setup));
    return { lines, targets: [] };
  } finally {
    await source?.close();
    await simulator.stop();
  }
}

function localStages(): Stage[] {
  const health = new SourceHealth('bench');
  const key = MacKey.fromHex(randomBytes(32).toString('hex'));
  const mixed = (strategy: MixingStrategy, ratio = 1): Stage => {
    const inputs = [randomBytes(ratio * BLOCK_BYTES), randomBytes(ratio * BLOCK_BYTES)];
    return [`mix two, ${strategy}`, BLOCK_BYTES, () => wipeAndFree(mix(strategy, inputs, ratio))];
  };
  const data = randomBytes(CHUNK);
  let sequence = 0n;
  return [
    [
      'health tests',
      CHUNK,
      () => {
        const answer = randomBytes(CHUNK); // its making costs about 0.5 ms a MB of this row
        health.answered(answer);
        for (let at = 0; at < CHUNK; at += BLOCK_BYTES) health.judge(answer.subarray(at, at + BLOCK_BYTES));
        wipeAndFree(answer);
      },
    ],
    mixed('xor'),
    mixed('hkdf'),
    mixed('cbc-mac', 2),
    [
      'seal, 64 KiB',
      CHUNK,
      () => {
        const position = { collector: 'bench', boot: 1n, sequence: ++sequence, timestamp: 1n, age: 0 };
        wipeAndFree(sealPacket({ ...position, type: 'entropy' }, data, key));
      },
    ],
  ];
}

/** The median of as many slices as there are rounds. */
async function measure([candidate, bytes, once]: Stage, { quick, rounds }: Setup): Promise<Line> {
  const slice = async (megabytes: number): Promise<{ cpuUs: number; rate: number }> => {
    const [cpu, began] = [process.cpuUsage(), performance.now()];
    for (let done = 0; done < megabytes * MB; done += bytes) await once();
    const { user, system } = process.cpuUsage(cpu);
    const seconds = (performance.now() - began) / 1000;
    return { cpuUs: (user + system) / megabytes, rate: megabytes / seconds };
  };
  await slice(quick ? QUICK_MB : WARM_MB);
  const slices: { cpuUs: number; rate: number }[] = [];
  for (let round = 0; round < (quick ? 1 : rounds); round++) {
    slices.push(await slice(quick ? QUICK_MB : SLICE_MB));
  }
  slices.sort((a, b) => a.cpuUs - b.cpuUs);
  return { row: ROW, candidate, unit: 'MB', ...slices[slices.length >> 1] };
}
