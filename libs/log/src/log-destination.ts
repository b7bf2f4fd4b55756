/**
 * Where log lines go: to stdout, several at a time, as a write for each costs as much as the line itself, and a write that
 * waits for its reader would stop the whole process.
 */
import fs from 'node:fs';
import { pino } from 'pino';
import type { DestinationStream } from 'pino';

/** Lines wait until there are this many bytes of them, or this much time has passed; what waits at the end of the process is written then. */
const WRITE_FROM_BYTES = 16_384;
const WRITE_EVERY_MS = 100;

/** The most bytes of one write. */
const WRITE_BYTES = 65_536;

/** Lines are dropped while this many bytes wait: the reader of the log has stopped reading, and memory is bounded. */
const MOST_WAITING_BYTES = 16 * 2 ** 20;

/** Nobody reads the log when nothing of it could be written for this long. */
const UNREAD_AFTER_MS = 1000;

let ofProcess: DestinationStream | undefined;
let lost = 0;

/** The one of this process, made at the first call. */
export function logDestination(): DestinationStream {
  ofProcess ??= toStdout();
  return ofProcess;
}

/** Lines that were dropped since the process started, because nobody read them. */
export function lostLogLines(): number {
  return lost;
}

function toStdout(): DestinationStream {
  let waitingSince: number | undefined; // since the first line that waits, or the last write before it
  let failed = false; // the last write, on a full disk for example; what it had is written with the next one
  let dropped = 0;
  let flushing: NodeJS.Timeout | undefined;
  let lines = '';
  const handOn = (): void => {
    if (lines !== '') stdout.write(Buffer.from(lines) as unknown as string); // its type knows text only
    lines = '';
  };
  const flush = (): void => {
    flushing = undefined;
    handOn();
    stdout.flush();
  };

  // Before pino's own last write, which would wait for the reader, or for room on the disk, and so keep the process from ending.
  process.once('exit', () => {
    handOn();
    if (failed) stdout.flushSync = () => undefined;
    else if (waitingSince !== undefined && performance.now() - waitingSince >= UNREAD_AFTER_MS) {
      process.kill(process.pid, 'SIGKILL'); // Node itself waits for a write that is under way
    } else endLastWrite();
  });
  const stdout = pino.destination({
    dest: 1,
    sync: false,
    contentMode: 'buffer', // of text it would count all that waits again at each line, a tenth of a small request
    minLength: WRITE_FROM_BYTES,
    maxWrite: WRITE_BYTES,
    maxLength: MOST_WAITING_BYTES,
  });
  const destination: DestinationStream = {
    write: (line) => {
      waitingSince ??= performance.now();
      // A timer of pino's own would wake an idle process ten times a second.
      flushing ??= setTimeout(flush, WRITE_EVERY_MS).unref();
      lines += line;
      if (lines.length >= WRITE_FROM_BYTES) handOn();
    },
  };
  stdout.on('write', () => {
    waitingSince = performance.now();
    failed = false;
  });
  stdout.on('error', () => (failed = true));
  stdout.on('drop', (data: Buffer) => {
    const lines = data.toString('latin1').split('\n').length - 1;
    dropped += lines;
    lost += lines;
  });
  stdout.on('drain', () => {
    waitingSince = undefined;
    if (dropped === 0) return;
    const count = dropped;
    dropped = 0;
    pino(destination).warn(
      { event: 'log-lines-dropped', lines: count },
      'the log was not read, and lines were dropped',
    );
  });
  return destination;
}

/**
 * Lets pino's last write end where stdout cannot be written to: it tries again whatever the error is, for ever on a socket that listens, a full
 * disk or a pipe that nobody reads any more. What fails then counts as written.
 */
function endLastWrite(): void {
  const { writeSync } = fs;
  const once = (fd: number, data: Uint8Array): number => {
    try {
      return writeSync(fd, data);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') throw error;
      return data.length;
    }
  };
  fs.writeSync = once as typeof fs.writeSync;
}
