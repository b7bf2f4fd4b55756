/** The benchmarks: starts every candidate itself, measures them in turns, prints a table and writes JSON. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { dirname, resolve } from 'node:path';
import { commandLine, misused } from '#libs/command-line';
import { againstRows } from './against.js';
import { carrierRows } from './carriers.js';
import { collectorRows } from './collector.js';
import { integerRows } from './integers.js';
import { memoryRows } from './memory.js';
import { pipelineRows } from './pipeline.js';
import { predecessor } from './predecessor.js';
import { pushRows } from './push.js';
import { randomRows } from './random.js';
import { receiptRows } from './receipts.js';
import { generator } from './requests.js';
import { scaleRows } from './scale.js';
import { Setup } from './setup.js';
import { sharedPoolRows } from './shared-pool.js';
import { startUpRows } from './start-up.js';
import { formatLines, formatTargets } from './table.js';
import type { Line, Row, Target } from './table.js';

const ROWS: readonly Row[] = [
  ...randomRows,
  ...integerRows,
  ...pushRows,
  ...receiptRows,
  ...collectorRows,
  ...pipelineRows,
  ...carrierRows,
  ...scaleRows,
  ...sharedPoolRows,
  ...startUpRows,
  ...memoryRows,
];

const USAGE = `Usage: npm run bench [-- --quick] [--only ROW] [--against DIR] [--rounds N] [--long-seconds N] [--out FILE]

  --quick   checks the answers of every candidate in one short round, and says nothing about time
  --only    the rows whose names begin so, of: ${ROWS.map(({ name }) => name).join(', ')}
  --against other rows: this gateway beside the one of the Rust predecessor, DIR/qrng-gateway, which you have built`;
const { values } = commandLine(USAGE, {
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    against: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    'long-seconds': { type: 'string', default: '60' },
    out: { type: 'string', default: 'bench/results/latest.json' },
  },
});
const { against } = values;
if (against !== undefined && !existsSync(predecessor(against))) {
  misused(`There is no program ${predecessor(against)}.`, USAGE);
}
const all = against === undefined ? ROWS : againstRows(against);
const rows = all.filter(({ name }) => name.startsWith(values.only));
if (rows.length === 0) misused(`There is no row ${values.only}.`, USAGE);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const machine = `${cpus().length} x ${cpus()[0]?.model.trim() ?? 'processor'}, Node ${process.version}`;
/** Above this load, of all processors, a table says something about what else runs. */
const BUSY = 0.25 * cpus().length;
const load = loadavg()[0] ?? 0;
const busy =
  load > BUSY && !values.quick
    ? `The load of this machine was ${load.toFixed(1)} before it began: do not quote the figures, nor compare them with others.`
    : undefined;
console.log(`${machine}, load from ${generator}\n${busy === undefined ? '' : `${busy}\n`}`);
const setup = await Setup.create({
  quick: values.quick,
  rounds: Number(values.rounds),
  longSeconds: Number(values['long-seconds']),
});
process.once('exit', () => setup.remove());
const lines: Line[] = [];
const targets: Target[] = [];
const failures: string[] = [];
for (const row of rows) {
  try {
    const report = await row.run(setup);
    lines.push(...report.lines);
    targets.push(...report.targets);
    console.log(values.quick ? `${row.name}: answers are right` : `${formatLines(report.lines)}\n`);
  } catch (error) {
    failures.push(`${row.name}: ${error instanceof Error ? error.message : String(error)}`);
    console.error(failures.at(-1));
  }
}
if (!values.quick) {
  console.log(formatTargets(targets));
  if (busy !== undefined) console.log(`\n${busy}`);
  const out = resolve(values.out);
  mkdirSync(dirname(out), { recursive: true });
  const when = new Date().toISOString();
  writeFileSync(
    out,
    `${JSON.stringify({ when, machine, generator, load, lines, targets, failures }, null, 2)}\n`,
  );
  console.log(`\nWritten to ${values.out}`);
}
process.exit(failures.length > 0 ? 1 : 0);
