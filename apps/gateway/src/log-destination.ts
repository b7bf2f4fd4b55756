/** Where log lines go: to stdout, several at a time, as a write for each costs as much as the line itself. */
import { pino } from 'pino';

/** Lines wait until there are so many bytes of them, or for so long; what waits at the end of the process is written then. */
const WRITE_FROM_BYTES = 4096;
const WRITE_EVERY_MS = 100;

/** Lines are dropped while so many bytes wait: whoever reads the log has stopped reading, and memory is bounded. */
const MOST_WAITING_BYTES = 16 * 2 ** 20;

/** One for the process, however many gateways live in it. */
export const logDestination = pino.destination({
  dest: 1,
  sync: false,
  minLength: WRITE_FROM_BYTES,
  periodicFlush: WRITE_EVERY_MS,
  maxLength: MOST_WAITING_BYTES,
});
