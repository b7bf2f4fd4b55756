/** `GET /api/integers` with 1000 numbers, and the drawing of them alone. */
import { randomFillSync } from 'node:crypto';
import { ByteRing, draw, integers } from '#libs/entropy';
import { startGateway } from './gateway.js';
import { fedContender } from './requests.js';
import { interleave, median } from './rounds.js';
import type { Sample } from './rounds.js';
import type { Setup } from './setup.js';
import type { Report, Row } from './table.js';

const COUNT = 1000;
const RANGE = { count: COUNT, min: 0, max: 100, unique: false };
const DRAWS = 10_000;
const POOL_BYTES = 64 * 2 ** 20;

export const integerRows: Row[] = [{ name: 'integers', run }];

async function run(setup: Setup): Promise<Report> {
  const server = await startGateway(setup, { tls: false, poolBytes: POOL_BYTES });
  const bytesEach: number[] = [];
  const contenders = [
    fedContender(
      setup,
      server,
      {
        path: `/api/integers?count=${COUNT}&min=0&max=100`,
        // Numbers of one to three digits, commas, two brackets.
        isRight: ({ status, bodyBytes }) =>
          status === 200 && bodyBytes > 2 * COUNT && bodyBytes < 4 * COUNT + 2,
      },
      'gateway, /api/integers?count=1000',
    ),
    { name: 'drawing alone, in process', measure: () => Promise.resolve(drawAlone(setup.quick, bytesEach)) },
  ];
  try {
    const lines = await interleave('integers', 'requests', contenders, setup.rounds);
    const drawing = lines[1]?.cpuUs ?? Number.NaN;
    return {
      lines,
      targets: [
        { what: 'integers: 1000 in [0,100], us', bound: 'at most', wanted: 10, measured: drawing },
        {
          what: 'integers: bytes of entropy each',
          bound: 'at most',
          wanted: 1.3,
          measured: median(bytesEach),
        },
      ],
    };
  } finally {
    await server.stop();
  }
}

/** Draws lots of 1000 integers out of a ring that is filled beforehand. */
function drawAlone(quick: boolean, bytesEach: number[]): Sample {
  const draws = quick ? 10 : DRAWS;
  const ring = new ByteRing(2 * COUNT * draws);
  ring.push(randomFillSync(Buffer.alloc(ring.capacity)));
  const cpuBefore = process.cpuUsage();
  const start = performance.now();
  for (let i = 0; i < draws; i++) draw(integers(RANGE), (count) => ring.take(count));
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  bytesEach.push((ring.capacity - ring.length) / (draws * COUNT));
  const eachMs = (1000 * seconds) / draws;
  return { rate: draws / seconds, cpuUs: (user + system) / draws, p50Ms: eachMs, p99Ms: eachMs };
}
