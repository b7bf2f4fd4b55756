/**
 * `spool:///DIRECTORY`: each packet is a file, for diode software that moves files.
 *
 *   packet -> .COLLECTOR-BOOT-SEQUENCE.tmp, synced -> renamed to COLLECTOR-BOOT-SEQUENCE.qrng, synced
 *
 * A crash leaves a whole packet or none under the name that is moved. What was renamed is gone; what still has its first name was
 * not sent; where that cannot be seen the same packet is written again, and the gateway takes one of the two.
 */
import { constants } from 'node:fs';
import { lstat, open, readdir, rename, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { packetPosition } from '#libs/crypto';
import { errorCode, syncDirectory } from '#libs/files';
import { SettingsError } from '#libs/settings';
import { Carrier } from './carrier.js';
import type { Outcome } from './outbox.js';

const SUFFIX = '.qrng';
/** What this class calls its drafts; other hidden files may be the mover's. */
const DRAFT = /^\.[a-z0-9-]{1,16}-\d{1,20}-\d{1,20}\.tmp$/;

export interface SpoolOptions {
  readonly directory: string;
  /** The most bytes of packets that wait to be moved. */
  readonly maxBytes: number;
  /** The most bytes of data of one packet. */
  readonly maxData: number;
}

export class SpoolCarrier extends Carrier {
  readonly maxData: number;
  /** The most bytes that can be there: those counted last, and those written since. */
  #spooled = Infinity;
  #giveUp: ((reason: string) => void) | undefined;

  constructor(private readonly options: SpoolOptions) {
    super();
    this.maxData = options.maxData;
  }

  /** Removes the drafts of a run that was killed. @throws {SettingsError} when the directory cannot be used. */
  override async open(): Promise<void> {
    const { directory } = this.options;
    try {
      for (const name of await readdir(directory)) if (DRAFT.test(name)) await remove(join(directory, name));
    } catch (error) {
      throw new SettingsError([
        `QRNG_PUSH_URL must name a directory that this process can read and write (${errorCode(error)})`,
      ]);
    }
  }

  /** A disk that hangs holds up nothing but this. */
  send(packet: Buffer): Promise<Outcome> {
    const givenUp = new Promise<Outcome>((resolve) => {
      this.#giveUp = (reason) => resolve({ kind: 'unknown', reason });
    });
    return Promise.race([this.#write(packet), givenUp]);
  }

  abort(reason: string): void {
    this.#giveUp?.(reason);
  }

  async #write(packet: Buffer): Promise<Outcome> {
    const { directory } = this.options;
    const { collector, boot, sequence } = packetPosition(packet);
    const name = `${collector}-${boot}-${sequence}`;
    const draft = join(directory, `.${name}.tmp`);
    try {
      if (!(await this.#hasRoom(packet.length))) return { kind: 'full' };
      await writeSynced(draft, packet);
    } catch (error) {
      await remove(draft).catch(() => undefined); // as full or broken as it was for writing
      return { kind: 'unsent', reason: errorCode(error) };
    }
    this.#spooled += packet.length;
    return this.#publish(draft, join(directory, `${name}${SUFFIX}`));
  }

  async #publish(draft: string, path: string): Promise<Outcome> {
    try {
      await rename(draft, path);
    } catch (error) {
      const reason = errorCode(error);
      // A file server may have renamed it and lost its answer, or a mover may have taken the draft.
      if (!(await exists(draft))) return { kind: 'unknown', reason };
      await remove(draft).catch(() => undefined);
      return { kind: 'unsent', reason };
    }
    // It may have been moved already, so it is gone; at worst a power cut loses it.
    await syncDirectory(this.options.directory).catch(() => undefined);
    return { kind: 'gone' };
  }

  /** Counts the files only where they could be too many. */
  async #hasRoom(bytes: number): Promise<boolean> {
    const { directory, maxBytes } = this.options;
    if (this.#spooled + bytes > maxBytes) this.#spooled = await spooledBytes(directory);
    return this.#spooled + bytes <= maxBytes;
  }
}

async function spooledBytes(directory: string): Promise<number> {
  const names = (await readdir(directory)).filter((name) => name.endsWith(SUFFIX));
  const sizes = await Promise.all(names.map((name) => sizeOf(join(directory, name))));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Nothing for what was moved away in between, and for what is no file. */
async function sizeOf(path: string): Promise<number> {
  const stats = await lstat(path).catch(() => undefined);
  return stats?.isFile() === true ? stats.size : 0;
}

/** With O_SYNC, since a confined process has no fsync. */
async function writeSynced(path: string, content: Buffer): Promise<void> {
  const file = await openNew(path).catch(async (error: unknown) => {
    if (errorCode(error) !== 'EEXIST') throw error;
    await remove(path); // of an attempt that could not be removed then
    return openNew(path);
  });
  try {
    await file.writeFile(content);
  } finally {
    await file.close();
  }
}

/** Nothing that lies there is opened: a link would lead elsewhere, a FIFO wait forever. */
function openNew(path: string): Promise<FileHandle> {
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW, O_SYNC } = constants;
  return open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_SYNC, 0o640);
}

function remove(path: string): Promise<void> {
  return rm(path, { force: true, recursive: true });
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
