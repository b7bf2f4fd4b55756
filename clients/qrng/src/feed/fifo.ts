/** A named pipe that never runs dry while the gateway answers: `rngd -r PATH`, or whatever reads a file. */
import { execFile } from 'node:child_process';
import { close, constants, fstatSync, open } from 'node:fs';
import { Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { FeedOptions } from './feed.js';
import { FeedError } from './feed-error.js';
import { Pace } from './pace.js';

/** How often to look for a reader while there is none. */
const LOOK_MS = 200;
/** Bytes of one write; below PIPE_BUF, so that none is torn. */
const CHUNK_BYTES = 512;

/**
 * Writes to the pipe at `path`, which is made (mode 600) if it is not there, until `signal` aborts.
 *
 * Nothing is written before somebody reads. When the reader goes, what it left unread in the pipe is lost, and the next one
 * gets new bytes.
 *
 * @throws {FeedError} when there is no pipe to be had at `path`; {QrngError} when the gateway refuses for good.
 */
export async function feedFifo(path: string, { prefetch, limit, log, signal }: FeedOptions): Promise<void> {
  await makeFifo(path);
  log(`pipe at ${path}, ${limit} bytes a second`);
  const pace = new Pace(limit);
  for (;;) {
    const pipe = await untilRead(path, signal);
    pipe.on('error', () => undefined); // the writer hears of it
    log(`${path} has a reader`);
    try {
      for (;;) {
        await pace.free(signal);
        const bytes = await prefetch.take(Math.min(CHUNK_BYTES, limit), signal);
        pace.took(bytes.length);
        await write(pipe, bytes, signal);
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
      log(`the reader of ${path} is gone`);
    } finally {
      pipe.destroy();
    }
  }
}

async function makeFifo(path: string): Promise<void> {
  try {
    await promisify(execFile)('mkfifo', ['-m', '600', '--', path]);
  } catch (error) {
    const { code, stderr = '' } = error as { readonly code?: unknown; readonly stderr?: string };
    if (code === 'ENOENT') return; // no mkfifo in this container: it may have been made before
    if (!/exists/i.test(stderr)) throw new FeedError(`cannot make the pipe ${path}: ${stderr.trim()}`);
  }
}

/** The pipe once it has a reader; opening it without one fails, as long as nothing waits for it (ENXIO). */
async function untilRead(path: string, signal: AbortSignal): Promise<Socket> {
  for (;;) {
    signal.throwIfAborted();
    try {
      const fd = await promisify(open)(path, constants.O_WRONLY | constants.O_NONBLOCK);
      if (fstatSync(fd).isFIFO()) return new Socket({ fd, readable: false, writable: true });
      await promisify(close)(fd);
      throw new FeedError(`${path} is no pipe`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENXIO') {
        throw error instanceof FeedError ? error : FeedError.of(`cannot open the pipe ${path}`, error);
      }
    }
    await setTimeout(LOOK_MS, undefined, { signal });
  }
}

/** Resolves once the bytes are in the pipe. */
function write(pipe: Socket, bytes: Buffer, signal: AbortSignal): Promise<void> {
  return new Promise((done, failed) => {
    const abort = (): void => failed(signal.reason as Error);
    signal.addEventListener('abort', abort);
    pipe.write(bytes, (error) => {
      signal.removeEventListener('abort', abort);
      if (error) failed(error);
      else done();
    });
  });
}
