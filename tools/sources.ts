/**
 * `npm run sources`: how the sources of the collector on this machine are, and the release of those that are latched.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CommandError, commandLine, misused, runCommand } from '#libs/command-line';
import { errorCode } from '#libs/files';
import { giveToOwner } from './requests/state-request.js';

const USAGE = `Usage: npm run sources -- [show | release [SOURCE ...]] [--state DIR]

  show       each source with its state (docs/health-tests.md)
  release    lets sources that are latched (persistent) try again: all of them, or those named; "mixed" is the mixing

  --help, --version

DIR is the collector's QRNG_STATE_DIR; without --state that variable, or /var/lib/qrng-collector.

Exit code 0: done. 1: the collector did not take the request, or its state directory cannot be used. 64: called wrongly.`;

/** The collector looks each second. */
const ANSWER_WITHIN_MS = 10_000;

const { values, positionals } = commandLine(USAGE, {
  allowPositionals: true,
  options: { state: { type: 'string' } },
});
const [command = 'show', ...names] = positionals;
const folder = values.state ?? process.env['QRNG_STATE_DIR'] ?? '/var/lib/qrng-collector';

await runCommand(() =>
  run().catch((error: unknown) => {
    if (error instanceof CommandError) throw error;
    throw new CommandError(
      `${folder}: ${errorCode(error)}. Is it the collector's state directory, and may you write to it?`,
    );
  }),
);

async function run(): Promise<void> {
  if (command === 'show' && names.length === 0) {
    show();
    return;
  }
  if (command !== 'release') misused('Say show, or release.', USAGE);
  const known = states().map(({ name }) => name);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new CommandError(`No source is called ${unknown.join(' or ')}. There are: ${known.join(', ')}.`);
  }
  await release();
  await sleep(1500); // until the collector has written what came of it
  show();
}

async function release(): Promise<void> {
  const file = join(folder, 'release');
  writeFileSync(file, names.map((name) => `${name}\n`).join(''), { mode: 0o600, flag: 'wx' });
  giveToOwner(folder, file);
  for (const until = performance.now() + ANSWER_WITHIN_MS; existsSync(file);) {
    if (performance.now() > until) {
      rmSync(file, { force: true });
      throw new CommandError(
        'The collector did not take the request. Does it run, with this state directory?',
      );
    }
    await sleep(100);
  }
}

function states(): { name: string; state: string; quarantines?: number; lastError?: string }[] {
  return JSON.parse(readFileSync(join(folder, 'sources.json'), 'utf8')) as ReturnType<typeof states>;
}

function show(): void {
  for (const { name, state, quarantines = 0, lastError } of states()) {
    const error = lastError === undefined ? '' : `, last error ${lastError}`;
    console.log(
      `${state.padEnd(12)} ${name} (put out of use ${quarantines} times since the collector started${error})`,
    );
  }
}
