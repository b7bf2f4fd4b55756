/** The whole way over carriers without answers: at rates that a setting holds (udp), and as fast as it goes (spool). */
import { mkdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { MB, withPipeline } from './pipeline-processes.js';
import type { OneWay, Pipeline } from './pipeline-processes.js';
import { freePort } from '../scripts/demo/free-port.js';
import type { Setup } from './setup.js';
import type { Report, Row } from './table.js';

/** 240 Mbit/s, what the largest appliance gives. */
const TARGET_RATE = 30 * MB;

export const carrierRows: Row[] = [
  { name: 'carrier, udp, MTU 1500, 6 MB/s', run: (setup) => overUdp(setup, 1500, 6 * MB, setup.flowSeconds) },
  {
    name: 'carrier, udp, MTU 9000, 30 MB/s',
    run: (setup) => overUdp(setup, 9000, TARGET_RATE, setup.flowSeconds),
  },
  {
    name: 'carrier, udp, 240 Mbit/s for long',
    run: (setup) => overUdp(setup, 9000, TARGET_RATE, setup.quick ? 1 : setup.longSeconds),
  },
  { name: 'carrier, spool', run: overSpool },
];

async function overUdp(setup: Setup, mtu: number, rate: number, secs: number): Promise<Report> {
  const row = `carrier, udp, MTU ${mtu}, ${rate / MB} MB/s, ${secs} s`;
  const env = { QRNG_UDP_MTU: String(mtu), QRNG_PUSH_BYTES_PER_SECOND: String(rate) };
  return measured(setup, row, secs, { url: `udp://127.0.0.1:${await freePort()}`, env });
}

async function overSpool(setup: Setup): Promise<Report> {
  const directory = setup.path('spool');
  mkdirSync(directory);
  return measured(setup, 'carrier, spool, packets of 1 MiB', setup.flowSeconds, {
    url: `spool://${directory}`,
    env: {},
  });
}

async function measured(setup: Setup, row: string, secs: number, oneWay: OneWay): Promise<Report> {
  const work = async (pipeline: Pipeline): Promise<Report> => {
    const before = await counts(pipeline);
    const flow = await pipeline.measure(() => sleep(secs * 1000));
    const after = await counts(pipeline);
    const [missing, taken] = [after.missing - before.missing, after.taken - before.taken];
    if (taken === 0) throw new Error(`no packet was taken over ${oneWay.url}`);
    return {
      lines: pipeline.lines(row, flow),
      targets: [
        {
          what: `${row}: packets lost, %`,
          bound: 'at most',
          wanted: 0,
          measured: (100 * missing) / (missing + taken),
        },
      ],
    };
  };
  return withPipeline(setup, Infinity, work, oneWay);
}

async function counts(pipeline: Pipeline): Promise<{ missing: number; taken: number }> {
  const accepted = (transport: string): Promise<number> =>
    pipeline.metric(`qrng_packets_total{collector="collector-1",result="accepted",transport="${transport}"}`);
  return {
    missing: await pipeline.metric('qrng_sequence_missing_total{collector="collector-1"}'),
    taken: (await accepted('udp')) + (await accepted('spool')),
  };
}
