/**
 * The thread in which one device is read: a driver that lets go of no read then stops this thread and nothing else. (Node's own
 * four threads serve files, names and all devices together.) It imports nothing of ours, so that it runs as it stands.
 *
 *   { bytes, flags } -> open once, read until there are `bytes` -> { data } | { fault }
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { isatty } from 'node:tty';
import { parentPort, workerData } from 'node:worker_threads';

export interface ReadRequest {
  readonly bytes: number;
  /** Two flags: nobody waits for the bytes any more; the read has ended. */
  readonly flags: Int32Array<SharedArrayBuffer>;
}

/** The bytes, whose memory comes along, or what was wrong. */
export type ReadAnswer = { readonly data: Uint8Array<ArrayBuffer> } | { readonly fault: string };

/** The driver advises reads of 4 to 128 KiB. */
const MAX_READ_BYTES = 128 * 1024;
const EMPTY_WAIT_MS = 2;

/** The flags of a request. */
const CANCELLED = 0;
const ENDED = 1;

const path = String(workerData);
let device: number | undefined;

parentPort?.on('message', (request: ReadRequest) => {
  const answer = answerTo(request);
  Atomics.store(request.flags, ENDED, 1);
  Atomics.notify(request.flags, ENDED);
  parentPort?.postMessage(answer, 'data' in answer ? [answer.data.buffer] : []);
});

/** Whatever fails (EIO, the end of the data, nobody who waits) closes the device; the next request opens it again. */
function answerTo(request: ReadRequest): ReadAnswer {
  try {
    return { data: read(request) };
  } catch (error) {
    if (device !== undefined) closeSync(device);
    device = undefined;
    return { fault: error instanceof Fault ? error.message : `failed (${codeOf(error)})` };
  }
}

function read({ bytes, flags }: ReadRequest): Uint8Array<ArrayBuffer> {
  device ??= openDevice();
  const data = new Uint8Array(bytes);
  for (let length = 0; length < bytes;) {
    if (Atomics.load(flags, CANCELLED) !== 0) throw new Fault('was given up');
    const count = readSome(device, data.subarray(length, length + MAX_READ_BYTES));
    if (count === 0) Atomics.wait(flags, CANCELLED, 0, EMPTY_WAIT_MS);
    length += count;
  }
  return data;
}

/** O_NONBLOCK, so that an empty device can be given up; not every driver heeds it. */
function openDevice(): number {
  const opened = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  const kind = fstatSync(opened);
  // A terminal changes line ends and eats control characters: 33 MB without one 0x0d came through one.
  const fault = isatty(opened)
    ? 'is a terminal, which changes bytes on their way'
    : kind.isCharacterDevice() || kind.isFIFO()
      ? undefined // a regular file would be served again from its beginning after each start
      : 'is neither a character device nor a FIFO';
  if (fault === undefined) return opened;
  closeSync(opened);
  throw new Fault(fault);
}

/** Bytes read into `part`; 0 when the device has none. */
function readSome(opened: number, part: Uint8Array): number {
  try {
    const count = readSync(opened, part);
    if (count === 0) throw new Fault('ended');
    return count;
  } catch (error) {
    if (codeOf(error) !== 'EAGAIN') throw error;
    return 0;
  }
}

class Fault extends Error {}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
