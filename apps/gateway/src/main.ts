/** The gateway's process: start.ts, and before any of it is loaded a place for SIGHUP, which ends a process that heeds none. */

const early: NodeJS.Signals[] = [];
const remember = (signal: NodeJS.Signals): void => void early.push(signal);
process.on('SIGHUP', remember);
await import('./start.js');
process.off('SIGHUP', remember);
if (early.length > 0) process.emit('SIGHUP');
