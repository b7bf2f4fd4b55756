/** Where log lines go: to stdout, several at a time, as a write for each costs as much as the line itself. */
import { pino } from 'pino';
import type { DestinationStream } from 'pino';

/** Lines wait until there are so many bytes of them, or for so long; what waits at the end of the process is written then. */
const WRITE_FROM_BYTES = 16_384;
const WRITE_EVERY_MS = 100;

/** The most bytes of one write. */
const WRITE_BYTES = 65_536;

/** Lines are dropped while so many bytes wait: whoever reads the log has stopped reading, and memory is bounded. */
const MOST_WAITING_BYTES = 16 * 2 ** 20;

const stdout = pino.destination({
  dest: 1,
  sync: false,
  contentMode: 'buffer', // of text it would count all that waits anew at each line, a tenth of a small request
  minLength: WRITE_FROM_BYTES,
  maxWrite: WRITE_BYTES,
  periodicFlush: WRITE_EVERY_MS,
  maxLength: MOST_WAITING_BYTES,
});

/** One for the process, however many gateways live in it. */
export const logDestination: DestinationStream = {
  write: (line) => stdout.write(Buffer.from(line) as unknown as string), // its type knows text only
};

let dropped = 0;
stdout.on('drop', () => dropped++);
stdout.on('drain', () => {
  if (dropped === 0) return;
  const lines = dropped;
  dropped = 0;
  pino(logDestination).warn(
    { event: 'log-lines-dropped', lines },
    'the log was not read, and lines were dropped',
  );
});
