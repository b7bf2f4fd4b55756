/** The collector's process: start.ts, and before any of it is loaded a place for SIGHUP, which ends a process that heeds none. */
import { commandLine } from '#libs/command-line';
import { isConfined } from '#libs/files';

const USAGE = `Usage: npm run start:collector [-- --check]

Fetches entropy from the sources and pushes it to the gateway. Its settings are environment variables: config/collector.env.example
explains each, docs/operations.md how to run it.

  --check   reads the settings and every file that they name, says what is wrong, starts nothing
  --help, --version

Exit code 0: ended as told. 64: called wrongly. 75: it may work later. 78: a setting or a file is invalid.`;

// Node opens its inspector, a listening socket, on SIGUSR1; with a handler of our own it does not, whatever the flags.
process.on('SIGUSR1', () => undefined);

const early: NodeJS.Signals[] = [];
const remember = (signal: NodeJS.Signals): void => void early.push(signal);
process.on('SIGHUP', remember);
const { values } = commandLine(USAGE, { options: { check: { type: 'boolean', default: false } } }, 'service');
if (values.check) await import('./check.js');
else {
  const { confine, endIfWide } = await import('./confine.js');
  if (isConfined()) endIfWide();
  else await confine(import.meta.filename);
  await import('./start.js');
}
process.off('SIGHUP', remember);
if (early.length > 0) process.emit('SIGHUP');
