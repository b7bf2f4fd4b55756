/** Reads raw bytes from a character device, such as /dev/qrandom0 of the Quantis PCIe driver, or a FIFO. */
import { constants, open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { isatty } from 'node:tty';
import { errorCode } from '#libs/files';
import { SourceError } from './source.js';
import type { EntropySource } from './source.js';
import { fetchLimitMs, withDeadline } from './with-deadline.js';

/** The driver advises reads of 4 to 128 KiB. */
const MAX_READ_BYTES = 128 * 1024;
const EMPTY_WAIT_MS = 2;

export interface DeviceOptions {
  readonly name: string;
  readonly path: string;
  readonly timeoutMs: number;
}

/**
 * Short reads are normal and looped over. Whatever fails (EIO, the end of the data, time) closes the device; the next
 * fetch opens it anew. Regular files are refused: they would be served again from their beginning after each start.
 *
 * Opened with O_NONBLOCK, so that an empty device cannot hold a thread. A driver that ignores the flag can: then that
 * one read stays outstanding and fetches fail at once, never a second one starts, what it yields late is thrown away,
 * and Node itself cannot exit before the driver lets go of the thread.
 */
export class DeviceSource implements EntropySource {
  readonly name: string;
  readonly #path: string;
  readonly #timeoutMs: number;
  #handle: FileHandle | undefined;
  #reading = false;
  #closed = false;

  constructor({ name, path, timeoutMs }: DeviceOptions) {
    this.name = name;
    this.#path = path;
    this.#timeoutMs = timeoutMs;
  }

  /** One at a time. */
  async fetch(bytes: number, signal?: AbortSignal): Promise<Buffer> {
    if (this.#reading) throw new SourceError('timeout', `${this.#path} still holds an earlier read`);
    return await withDeadline(fetchLimitMs(this.#timeoutMs, bytes), signal, (deadline) =>
      this.#read(bytes, deadline),
    );
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (!this.#reading) await this.#closeDevice();
  }

  async #read(bytes: number, signal: AbortSignal): Promise<Buffer> {
    this.#reading = true;
    try {
      this.#handle ??= await openDevice(this.#path);
      const out = Buffer.allocUnsafeSlow(bytes);
      for (let length = 0; length < bytes;) {
        signal.throwIfAborted();
        if (this.#closed) throw new SourceError('aborted', 'the source was closed');
        length += await readSome(this.#handle, out, length);
      }
      return out;
    } catch (error) {
      await this.#closeDevice();
      if (error instanceof SourceError) throw error;
      throw new SourceError('device', `${this.#path} failed (${errorCode(error)})`);
    } finally {
      this.#reading = false;
      if (this.#closed) await this.#closeDevice();
    }
  }

  async #closeDevice(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }
}

async function openDevice(path: string): Promise<FileHandle> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  const kind = await handle.stat();
  // A terminal changes line ends and eats control characters: 33 MB without one 0x0d came through one.
  if (isatty(handle.fd)) {
    await handle.close();
    throw new SourceError('device', `${path} is a terminal, which changes bytes on their way`);
  }
  if (kind.isCharacterDevice() || kind.isFIFO()) return handle;
  await handle.close();
  throw new SourceError('device', `${path} is neither a character device nor a FIFO`);
}

/** Bytes read into `out` from `offset` on; 0 after a short wait when the device has none. */
async function readSome(handle: FileHandle, out: Buffer, offset: number): Promise<number> {
  const most = Math.min(out.length - offset, MAX_READ_BYTES);
  try {
    const { bytesRead } = await handle.read(out, offset, most, null);
    if (bytesRead === 0) throw new SourceError('device', 'the device ended');
    return bytesRead;
  } catch (error) {
    if (errorCode(error) !== 'EAGAIN') throw error;
    await sleep(EMPTY_WAIT_MS);
    return 0;
  }
}
