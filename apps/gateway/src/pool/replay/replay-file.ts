/**
 * The replay state on disk: one small file, always replaced as a whole, so that a crash leaves the old one or the new one.
 *
 *   QRNGRPL2 CRC32\n     CRC32: 8 hex digits, of the JSON
 *   {"clean":true,"floor":...,"bound":...,"newest":...,"file":"...","collectors":[...]}\n
 *
 * `file` is the inode that it was written to and when that was made: a copy, such as one restored from a backup, is another file, and shows.
 *
 * While the gateway runs it is written about once a second with a bound: everything that was taken is stamped before it.
 * Its positions bind only in a `clean` file, the last one of a gateway that stopped by itself.
 */
import type { BigIntStats } from 'node:fs';
import { open, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { ignoreMissing } from '#libs/files';
import { failpoint } from '../../failpoint.js';
import type { Position } from './replay-state.js';

const MAGIC = 'QRNGRPL2';

/** All that a gateway has to know after a restart. Times are Unix ms. */
export interface ReplayContent {
  /** The file that it was written to; undefined where that was not noted. */
  readonly file?: string | undefined;
  /** Whether the gateway stopped by itself: only then all positions are known. */
  readonly clean: boolean;
  readonly floor: number;
  /** Everything that was taken is stamped before it. */
  readonly bound: number;
  /** Nothing that was taken is stamped later; 0 when nothing ever was. */
  readonly newest: number;
  readonly positions: ReadonlyMap<string, Position>;
}

/** What was read: the file's bytes, and which file that is. */
export interface ReplayBytes {
  readonly bytes: Buffer;
  readonly file: string;
}

/** The file at one path. One write at a time. */
export class ReplayFile {
  readonly #path: string;
  /** Which file was written last: its inode and when its bytes were. */
  #written: string | undefined;
  /** The directory that it was first written to. */
  #directory: string | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** What the file has; undefined when there is none. Other errors of the file system are thrown. */
  async read(): Promise<ReplayBytes | undefined> {
    const file = await open(this.#path, 'r').catch(ignoreMissing);
    if (file === undefined) return undefined;
    try {
      return { bytes: await file.readFile(), file: identityOf(await file.stat({ bigint: true })) };
    } finally {
      await file.close();
    }
  }

  /**
   * Replaces the file; the new one is on the disk when this resolves. Nothing else waits for that meanwhile, as it would
   * with `replaceFile` of libs/files. Where another directory has taken the place of the one that it was first written to it fails with
   * ESTALE: once that is put back, the gateway would know nothing of what was written here.
   *
   * @returns whether the file that was there is the one that this object wrote last.
   */
  async write(content: ReplayContent): Promise<boolean> {
    const undisturbed = this.#written === undefined || this.#written === (await this.#fileThere());
    const file = await open(`${this.#path}.new`, 'w', 0o600);
    try {
      await file.writeFile(encodeReplay(content, identityOf(await file.stat({ bigint: true }))));
      await file.sync();
      failpoint('state-written');
      await rename(`${this.#path}.new`, this.#path);
      failpoint('state-renamed');
      this.#written = nameOf(await file.stat({ bigint: true }));
    } finally {
      await file.close();
    }
    await this.#syncDirectory();
    failpoint('state-synced');
    return undisturbed;
  }

  async #syncDirectory(): Promise<void> {
    const directory = await open(dirname(this.#path), 'r');
    try {
      await directory.sync();
      const { dev, ino } = await directory.stat({ bigint: true });
      this.#directory ??= `${dev} ${ino}`;
      if (this.#directory !== `${dev} ${ino}`) {
        throw Object.assign(new Error('another directory'), { code: 'ESTALE' });
      }
    } finally {
      await directory.close();
    }
  }

  async #fileThere(): Promise<string | undefined> {
    const stats = await stat(this.#path, { bigint: true }).catch(ignoreMissing);
    return stats && nameOf(stats);
  }
}

function nameOf({ ino, mtimeNs }: BigIntStats): string {
  return `${ino} ${mtimeNs}`;
}

/** Of an inode number alone a new file may have the same, once the old one is gone. */
function identityOf({ ino, birthtimeNs }: BigIntStats): string {
  return `${ino} ${birthtimeNs}`;
}

/** The file's text. @param file that it is written to. */
export function encodeReplay({ positions, ...content }: ReplayContent, file = content.file): string {
  const collectors = [...positions].map(([collector, { recent, ...position }]) => ({
    collector,
    ...position,
    recent: recent.map(({ boot, sequence, mac }) => [`${boot}`, `${sequence}`, mac.toString('hex')]),
  }));
  const json = JSON.stringify({ ...content, file, collectors });
  return `${MAGIC} ${crc32(json).toString(16).padStart(8, '0')}\n${json}\n`;
}

/** Whether what was read from `file` was written there, and is no copy. */
export function isOriginal({ file: written }: ReplayContent, file: string): boolean {
  return written === undefined || written === file;
}

/** Reads the file's bytes; undefined when they are not what `encodeReplay` wrote. */
export function decodeReplay(bytes: Buffer): ReplayContent | undefined {
  const [, crc, json] = /^QRNGRPL2 ([0-9a-f]{8})\n([^\n]*)\n$/.exec(bytes.toString('utf8')) ?? [];
  if (json === undefined || crc !== crc32(json).toString(16).padStart(8, '0')) return undefined;
  const { collectors, ...content } = JSON.parse(json) as StoredContent;
  return { ...content, positions: new Map(collectors.map(position)) };
}

type StoredContent = Omit<ReplayContent, 'positions'> & { readonly collectors: readonly StoredPosition[] };
type StoredPosition = Omit<Position, 'recent' | 'since'> & {
  /** Missing in files of before it was noted. */
  readonly since?: number;
  readonly collector: string;
  readonly recent: readonly (readonly [boot: string, sequence: string, mac: string])[];
};

function position({ collector, recent, ...rest }: StoredPosition): [string, Position] {
  const accepted = recent.map(([boot, sequence, mac]) => ({
    boot: BigInt(boot),
    sequence: BigInt(sequence),
    mac: Buffer.from(mac, 'hex'),
  }));
  return [collector, { ...rest, since: rest.since ?? rest.newest, recent: accepted }];
}
