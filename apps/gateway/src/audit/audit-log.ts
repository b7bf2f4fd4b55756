/**
 * Writes the files of the audit trail: one for each day (UTC), each line chained to the one before it, over files and
 * restarts.
 *
 *   audit-2026-11-22.jsonl    audit-2026-11-23.jsonl     head
 *   line <- line <- line   <-  line <- line <- line  <-  hash of the last line
 *
 * The head shows when lines vanish from the end. It is written after them: lines that it does not know yet, because of a
 * crash in between, are no damage.
 */
import { open, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import type { DirectoryLock } from '#libs/files';
import type { AuditEntry } from './audit-event.js';
import { auditLine, BEGINNING, lineHash } from './audit-line.js';
import {
  comeBack,
  dayOf,
  dayOfFile,
  fileOf,
  isAfter,
  isBack,
  linesOf,
  readHead,
  trailFiles,
  writeHead,
} from './trail-files.js';
import type { TrailDay } from './trail-files.js';

/** How the trail was found; `damage` says in what it is not what was written. */
export interface TrailCondition {
  readonly tornBytes: number;
  readonly damage: string | undefined;
}

export class AuditLog {
  readonly condition: TrailCondition;
  readonly isNew: boolean;
  readonly #directory: string;
  readonly #lock: DirectoryLock;
  #day: TrailDay;
  #hash: string;
  /** Where the last line that was written wholly ends, in the file of the day. */
  #size: number;
  #sealed = true;

  private constructor(directory: string, lock: DirectoryLock, end: TrailEnd, condition: TrailCondition) {
    this.#directory = directory;
    this.#lock = lock;
    this.#day = end.day;
    this.#size = end.size;
    this.#hash = end.hash;
    this.condition = condition;
    this.isNew = end.hash === BEGINNING;
  }

  /**
   * Goes on with the trail in `directory`.
   *
   * @param lock on it, which is released by `close`.
   * @throws errors of the file system.
   */
  static async open(directory: string, lock: DirectoryLock): Promise<AuditLog> {
    const head = await readHead(directory);
    const end = await endOf(directory, head);
    if (end.tornBytes > 0) await truncate(join(directory, fileOf(end.day)), end.size);
    const fresh = head === undefined && end.hash === BEGINNING;
    if (fresh) await writeHead(directory, BEGINNING);
    const { tornBytes } = end;
    if (fresh || end.knowsHead) return new AuditLog(directory, lock, end, { tornBytes, damage: undefined });
    // Going on from what the head says leaves a break in the chain, for the verifier to find for as long as it is kept.
    const damage = head === undefined ? 'the head is missing' : 'the last lines are missing';
    return new AuditLog(directory, lock, { ...end, hash: head ?? end.hash }, { tornBytes, damage });
  }

  get head(): string {
    return this.#hash;
  }

  /** Whether the head knows the last line. */
  get sealed(): boolean {
    return this.#sealed;
  }

  /**
   * Appends lines to the file of the first entry's day, for the entries up to the end of that day, and syncs it.
   *
   * @returns how many entries that were. After an error it was none.
   */
  async append(entries: readonly AuditEntry[]): Promise<number> {
    const at = entries[0]?.at ?? 0;
    if (isAfter(this.#day, at)) {
      this.#day = { day: dayOf(at), part: 0 };
      this.#size = 0;
    } else if (isBack(this.#day, at)) {
      this.#day = await comeBack(this.#directory, at); // the same file, under its true day
    }
    let hash = this.#hash;
    let text = '';
    let count = 0;
    for (const entry of entries) {
      if (isAfter(this.#day, entry.at) || isBack(this.#day, entry.at)) break;
      const line = auditLine(entry, hash);
      hash = lineHash(line);
      text += `${line}\n`;
      count += 1;
    }
    if (count === 0) return 0;
    await this.#write(text);
    this.#hash = hash;
    this.#sealed = false;
    return count;
  }

  /** Lets the head know the last line. */
  async seal(): Promise<void> {
    await writeHead(this.#directory, this.#hash);
    this.#sealed = true;
  }

  /** Whether a line of this moment begins a file. */
  startsDay(at: number): boolean {
    return isAfter(this.#day, at);
  }

  /**
   * The files that go before a new one begins, so that there are `most` of them, each with the hash of its last line. They
   * are counted and not dated: a clock that leaps ahead does not delete the trail.
   */
  async expired(most: number): Promise<{ file: string; hash: string }[]> {
    const all = await trailFiles(this.#directory);
    const files = all.slice(0, Math.max(0, all.length + 1 - most));
    const expired = [];
    for (const file of files) {
      let hash = BEGINNING;
      for await (const { line } of linesOf(join(this.#directory, file))) hash = lineHash(line);
      expired.push({ file, hash });
    }
    return expired;
  }

  async remove(file: string): Promise<void> {
    await rm(join(this.#directory, file), { force: true });
  }

  close(): void {
    this.#lock.close();
  }

  async #write(text: string): Promise<void> {
    // Opened for each batch: a file that was moved away or deleted is noticed by the verifier, not written to unseen.
    const file = await open(join(this.#directory, fileOf(this.#day)), 'a', 0o600);
    try {
      await file.appendFile(text);
      await file.datasync();
      this.#size += Buffer.byteLength(text);
    } catch (error) {
      await file.truncate(this.#size).catch(() => undefined); // the next start cuts off what is left
      throw error;
    } finally {
      await file.close();
    }
  }
}

interface TrailEnd {
  readonly day: TrailDay;
  readonly size: number;
  readonly hash: string;
  readonly tornBytes: number;
  readonly knowsHead: boolean;
}

/** Where the trail ends. The head is at most a batch behind, so it is in one of the last two files. */
async function endOf(directory: string, head: string | undefined): Promise<TrailEnd> {
  let end: TrailEnd = {
    day: { day: '', part: 0 },
    size: 0,
    hash: BEGINNING,
    tornBytes: 0,
    knowsHead: head === BEGINNING,
  };
  for (const file of (await trailFiles(directory)).slice(-2)) {
    end = { ...end, day: dayOfFile(file), size: 0, tornBytes: 0 };
    for await (const { line, whole } of linesOf(join(directory, file))) {
      if (!whole) {
        end = { ...end, tornBytes: line.length };
        continue;
      }
      const hash = lineHash(line);
      end = { ...end, size: end.size + line.length + 1, hash, knowsHead: end.knowsHead || hash === head };
    }
  }
  return end;
}
