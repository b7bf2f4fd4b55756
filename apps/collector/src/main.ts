/** The collector's process: start.ts, and before any of it is loaded a place for SIGHUP, which ends a process that heeds none. */

// Node opens its inspector, a listening socket, on SIGUSR1; with a handler of our own it does not, whatever the flags.
process.on('SIGUSR1', () => undefined);

const early: NodeJS.Signals[] = [];
const remember = (signal: NodeJS.Signals): void => void early.push(signal);
process.on('SIGHUP', remember);
await import('./start.js');
process.off('SIGHUP', remember);
if (early.length > 0) process.emit('SIGHUP');
