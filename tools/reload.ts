/**
 * `qrng-dd reload`: has a running gateway or collector read its settings, keys and certificates again, and waits for the outcome.
 * `systemctl reload` calls it, so a reload that was refused fails there too.
 */
import { setTimeout } from 'node:timers/promises';
import { commandLine, misused } from '#libs/command-line';
import { errorCode, readReloadOutcomes } from '#libs/files';
import type { ReloadOutcome } from '#libs/files';

const USAGE = `Usage: qrng-dd reload --pid PID --state-dir DIRECTORY

Sends SIGHUP to the gateway or collector with this process id and waits until it has read everything again. DIRECTORY is its
QRNG_STATE_DIR. systemctl reload qrng-gateway does the same. Settings are read from the file that QRNG_SETTINGS_PATH names; those that
only a restart changes are listed.

Exit code 0: everything is in use as it is on disk, or waits for a restart. 1: something was refused, or no answer came within
10 s. 64: called wrongly.

  --help, --version`;

const WAIT_MS = 10_000;
const LOOK_EVERY_MS = 50;

const text = { type: 'string' } as const;
const { values } = commandLine(USAGE, { options: { pid: text, 'state-dir': text } });
const { pid = '', 'state-dir': directory = '' } = values;
if (!/^[1-9]\d*$/.test(pid) || directory === '') {
  misused('Name the process and its state directory.', USAGE);
}
try {
  process.exit(await reload(Number(pid), directory));
} catch (error) {
  console.error(`${directory}: the outcome of the reload cannot be read (${errorCode(error)}).`);
  process.exit(1);
}

async function reload(target: number, directory: string): Promise<number> {
  const known = new Set(outcomes(directory).map(({ what }) => what));
  const began = Date.now();
  try {
    process.kill(target, 'SIGHUP');
  } catch (error) {
    console.error(`Process ${target} cannot be asked to reload (${errorCode(error)}).`);
    return 1;
  }
  const deadline = performance.now() + WAIT_MS;
  while (performance.now() < deadline) {
    const after = outcomes(directory).filter(({ at }) => at >= began);
    if (after.length > 0 && after.length >= known.size) return report(after);
    await setTimeout(LOOK_EVERY_MS);
  }
  console.error(`Process ${target} did not finish a reload within ${WAIT_MS / 1000} s; see its log.`);
  return 1;
}

/** A file that is damaged says as little as none; the app replaces it. */
function outcomes(directory: string): ReloadOutcome[] {
  try {
    return readReloadOutcomes(directory);
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

function report(after: readonly ReloadOutcome[]): number {
  for (const { what, refused, waiting } of after) {
    if (refused === undefined) console.log(`${what}: in use as on disk${waitingText(waiting)}`);
    else console.error(`${what}: refused, the old ones stay in use: ${refused}`);
  }
  return after.every(({ refused }) => refused === undefined) ? 0 : 1;
}

function waitingText(names: readonly string[] = []): string {
  return names.length === 0 ? '' : `, except for what only a restart changes: ${names.join(', ')}`;
}
