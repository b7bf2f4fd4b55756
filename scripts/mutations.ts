/**
 * `npm run mutations`: takes the rules of the protocol away, one after the other, and runs the model (test/model) on what is left. A rule
 * that is missed by nobody is not needed, or the model's adversary is too weak: then it is named, and the exit code is 1.
 *
 * The model runs on a copy of the sources; those here are only read.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { commandLine } from '#libs/command-line';
import { MUTATIONS, PART_OF_REDIS } from './mutations/table.js';

/** How hard the model looks: a little first, since most mutations are found at once. */
const EFFORTS = [
  { runs: 60, depth: 1 },
  { runs: 400, depth: 2 },
  { runs: 1500, depth: 2 },
] as const;
const SOURCES = [
  'apps',
  'libs',
  'test',
  'clients/qrng/src',
  'scripts',
  'tools',
  'package.json',
  'tsconfig.json',
  'jest.config.js',
];

const USAGE = `Usage: npm run mutations [-- --only TEXT]

  --only TEXT   those alone whose name has TEXT in it
  --help, --version

Exit code 0: each was found. 1: one was not, or the model did not run. 64: called wrongly.`;

const { values } = commandLine(USAGE, {
  options: { only: { type: 'string', default: '' } },
});
const chosen = MUTATIONS.filter(({ name }) => name.includes(values.only));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const folder = mkdtempSync(join(tmpdir(), 'qrng-mutations-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
for (const source of SOURCES) cpSync(source, join(folder, source), { recursive: true });
symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));

const missed: string[] = [];
for (const { name, file, text: original, instead, part } of chosen) {
  const path = join(folder, file);
  const source = readFileSync(path, 'utf8');
  if (source.split(original).length !== 2) {
    throw new Error(`${file} does not have this text once: ${original}`);
  }
  writeFileSync(
    path,
    source.replace(original, () => instead),
  );
  const found = await effortOf(part);
  writeFileSync(path, source);
  if (found === undefined) missed.push(name);
  console.log(`${found === undefined ? 'NOT FOUND' : `found, ${found}`}: ${name}`);
}
console.log(`${chosen.length - missed.length} of ${chosen.length} mutations were found`);
process.exit(missed.length > 0 ? 1 : 0);

/** What the model had to do until it noticed; undefined when it did not. */
async function effortOf(part: string): Promise<string | undefined> {
  for (const { runs, depth } of EFFORTS) {
    const how = await modelFinds(part, runs, depth);
    if (how !== undefined) return `${how} (${runs} runs, depth ${depth})`;
  }
  return undefined;
}

async function modelFinds(part: string, runs: number, depth: number): Promise<string | undefined> {
  const args = ['node_modules/jest/bin/jest.js', 'test/model/model.spec.ts', '--maxWorkers=1', '-t', part];
  const effort = { QRNG_MODEL_RUNS: `${runs}`, QRNG_MODEL_DEPTH: `${depth}` };
  const env = { ...process.env, ...effort };
  const child = spawn(process.execPath, args, { cwd: folder, env, stdio: ['ignore', 'ignore', 'pipe'] });
  const [report] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  if (child.exitCode === 0) return undefined;
  const failed = [...report.matchAll(/^ +✕ (.+?)(?: \(\d+ m?s\))?$/gm)].map(([, name]) => name);
  // A Redis that a busy machine starves is no finding; what a class of a single gateway or a collector throws is one.
  const isStarved = part === PART_OF_REDIS && !report.includes('expect(');
  if (failed.length === 0 || isStarved) {
    throw new Error(`the model did not run:\n${report}`);
  }
  return `${failed.length} of its tests`;
}
