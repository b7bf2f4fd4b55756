/**
 * `npm run sources`: how the sources of the collector on this machine are, and the release of those that are latched.
 */
import { CommandError, commandLine, misused, runCommand } from '#libs/command-line';
import type { SourceTelemetry } from '#libs/crypto';
import { ask } from './requests/state-request.js';

const USAGE = `Usage: npm run sources -- [show | release [SOURCE ...]] [--state DIR]

  show       each source with its state (docs/health-tests.md)
  release    lets sources that are latched (persistent) try again: all of them, or those named; "mixed" is the mixing

  --help, --version

DIR is the collector's QRNG_STATE_DIR; without --state that variable, or /var/lib/qrng-collector.

Exit code 0: done. 1: the collector did not take the request, or its state directory cannot be used. 64: called wrongly.`;

const { values, positionals } = commandLine(USAGE, {
  allowPositionals: true,
  options: { state: { type: 'string' } },
});
const [command = 'show', ...names] = positionals;
const folder = values.state ?? process.env['QRNG_STATE_DIR'] ?? '/var/lib/qrng-collector';

await runCommand(async () => {
  if (command === 'release') await release();
  else if (command !== 'show' || names.length > 0) misused('Say show, or release.', USAGE);
  for (const { name, state, quarantines = 0, lastError } of await states()) {
    const error = lastError === undefined ? '' : `, last error ${lastError}`;
    console.log(
      `${state.padEnd(12)} ${name} (put out of use ${quarantines} times since the collector started${error})`,
    );
  }
});

async function release(): Promise<void> {
  const known = (await states()).map(({ name }) => name);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new CommandError(`No source is called ${unknown.join(' or ')}. There are: ${known.join(', ')}.`);
  }
  await ask('collector', folder, 'release', names);
}

async function states(): Promise<SourceTelemetry[]> {
  const lines = await ask('collector', folder, 'sources', []);
  return lines.map((line) => JSON.parse(line) as SourceTelemetry);
}
