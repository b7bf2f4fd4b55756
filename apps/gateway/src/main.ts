/** The gateway's process: start.ts, and before any of it is loaded a place for SIGHUP, which ends a process that heeds none. */
import { commandLine } from '#libs/command-line';

const USAGE = `Usage: npm run start:gateway [-- --check]

Takes packets from collectors and serves entropy. Its settings are environment variables: config/gateway.env.example
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
await (values.check ? import('./check.js') : import('./start.js'));
process.off('SIGHUP', remember);
if (early.length > 0) process.emit('SIGHUP');
