/**
 * The replay state of a single gateway: in memory, and on disk what a restart needs.
 *
 *   running       the file has a bound, raised about once a second to two seconds after what is being taken
 *   clean stop    the file has the positions, and the next start goes on with them
 *   kill -9       what was taken is stamped before the bound, so its bytes were exposed before it: floor = bound
 *
 * So nothing waits for the disk but a packet that is stamped at or after the bound.
 */
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Packet } from '#libs/crypto';
import { errorCode } from '#libs/files';
import type { FreshnessWindow } from './freshness.js';
import { blocksAhead } from '../pool.js';
import type { Block } from '../pool.js';
import { decodeReplay, isOriginal, ReplayFile } from './replay-file.js';
import type { ReplayBytes, ReplayContent } from './replay-file.js';
import { decodeJournal, isJournal } from './replay-journal-v1.js';
import { ReplayState } from './replay-state.js';
import type { Standing } from './replay-state.js';

/** How far a raised bound is ahead of the packet that asked for it, and how near to it the next raise begins. */
const AHEAD_MS = 2000;
const RAISE_WITHIN_MS = 1000;
const RETRY_MS = 1000;

/** How the state was found: `setAside` is where a file that cannot be trusted was moved to. */
export interface Recovery {
  readonly found: 'new' | 'clean' | 'crashed' | 'lost' | 'copied' | 'version-1';
  readonly setAside?: string;
}

/** What operators should hear of while the gateway runs. */
export interface ReplayLog {
  /** A floor of a clock that was wrong was brought back to the present (Unix ms). */
  floorLowered(from: number, to: number): void;
  /** The file was deleted or replaced by somebody else since it was written. */
  fileDisturbed(): void;
  /** The positions could not be written at the end: the next start refuses what was exposed before the bound. */
  notSaved(reason: string): void;
}

export class ReplayStore {
  readonly #file: ReplayFile;
  readonly #log: ReplayLog;
  readonly #window: FreshnessWindow;
  readonly #state: ReplayState;
  /** On the disk: everything that was taken is stamped before it. */
  #bound: number;
  #newest: number;
  #writing: Promise<boolean> | undefined;
  #fault: string | undefined;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  private constructor(file: ReplayFile, content: ReplayContent, window: FreshnessWindow, log: ReplayLog) {
    this.#file = file;
    this.#log = log;
    this.#window = window;
    this.#state = new ReplayState(content.floor, window, content.positions);
    this.#bound = content.bound;
    this.#newest = content.newest;
  }

  /** Opens the state in `directory`, or begins a new one after `now` (Unix ms). @throws errors of the file system. */
  static async open(
    directory: string,
    now: number,
    window: FreshnessWindow,
    log: ReplayLog,
  ): Promise<{ store: ReplayStore; recovery: Recovery; known: readonly string[] }> {
    const path = join(directory, 'replay-state');
    const file = new ReplayFile(path);
    const read = await file.read();
    const { found, content } = read === undefined ? begun('new', now) : recovered(read, now, window);
    let recovery: Recovery = { found };
    if (found === 'lost') {
      recovery = { found, setAside: `${path}.damaged-${now}` };
      await rename(path, `${path}.damaged-${now}`);
    }
    const known = [...content.positions.keys()];
    const store = new ReplayStore(file, started(content), window, log);
    // Before anything is taken: a crash must not find the positions of the last stop.
    await store.#file.write(store.#content(store.#bound));
    return { store, recovery, known };
  }

  check(packet: Packet, now: number): Standing {
    const standing = this.#state.check(packet, now);
    if (standing !== 'below-floor' || !this.#lowerFloor(now)) return standing;
    return this.#state.check(packet, now);
  }

  missing(packet: Packet): bigint {
    return this.#state.missing(packet);
  }

  /** Whether a packet with this timestamp may be taken now; else wait for `raise`. */
  covers(timestamp: number): boolean {
    return timestamp < this.#bound;
  }

  /** Raises the bound above `timestamp`, on the disk; false when it cannot be written (`fault` says why). */
  async raise(timestamp: number): Promise<boolean> {
    while (!this.covers(timestamp)) {
      if (this.#closed || !(await (this.#writing ?? this.#write(timestamp + AHEAD_MS)))) return false;
    }
    return true;
  }

  /** Remembers a packet that `check` found to be next and `covers` covers; the disk follows in time, without waiting. */
  accept(packet: Packet, now: number): void {
    const timestamp = Number(packet.timestamp);
    if (!this.covers(timestamp)) throw new RangeError('the bound was not raised');
    this.#newest = Math.max(this.#newest, timestamp);
    this.#state.advance(packet, now);
    if (
      timestamp >= this.#bound - RAISE_WITHIN_MS &&
      this.#writing === undefined &&
      this.#fault === undefined
    ) {
      void this.#write(timestamp + AHEAD_MS);
    }
  }

  /**
   * Has a collector taken again from now on, and nothing of it that was exposed before; on the disk when this resolves,
   * unless there is a fault.
   *
   * @returns the moment, Unix ms; undefined when the collector has no position.
   */
  async forget(collector: string, now: number): Promise<number | undefined> {
    const floor = this.#state.forget(collector, now);
    if (floor !== undefined) await this.save();
    return floor;
  }

  /** Writes what is known now, for operators to see; the disk has it when this resolves, unless there is a fault. */
  async save(): Promise<void> {
    await this.#writing;
    if (!this.#closed) await (this.#writing ?? this.#write(this.#bound));
  }

  /** Why the state cannot be written; undefined while all is well. */
  fault(): string | undefined {
    return this.#fault;
  }

  /** What cannot be taken for longer than clocks may differ, because of timestamps in the future that once were right. */
  blocks(now: number): Block[] {
    this.#lowerFloor(now);
    const positions = [...this.#state.positions()].map(([collector, { newest, floor }]) => ({
      what: `packets of ${collector}`,
      until: Math.max(newest, floor),
    }));
    const all = { what: 'all packets', until: this.#state.floor };
    return blocksAhead([all, ...positions], now, this.#window.skewMs);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    await this.#writing;
    this.#fault = 'the gateway is stopping';
    const { floor } = this.#state;
    const positions = this.#state.positions();
    try {
      await this.#file.write({ clean: true, floor, bound: this.#bound, newest: this.#newest, positions });
    } catch (error) {
      this.#log.notSaved(errorCode(error));
    }
  }

  #isAhead(now: number): boolean {
    return this.#state.floor - now > this.#window.skewMs;
  }

  /** A floor from a clock that was ahead, when nothing was taken since: as a state that begins now. */
  #lowerFloor(now: number): boolean {
    const from = this.#state.floor;
    if (!this.#isAhead(now) || this.#newest > now || this.#writing !== undefined) return false;
    this.#state.floor = now + 1;
    this.#bound = now + 1; // so that the first packet waits until the disk knows
    this.#log.floorLowered(from, now + 1);
    return true;
  }

  #write(bound: number): Promise<boolean> {
    clearTimeout(this.#retry);
    this.#writing = this.#file.write(this.#content(bound)).then(
      (undisturbed) => {
        if (!undisturbed) this.#log.fileDisturbed();
        this.#bound = bound;
        this.#fault = undefined;
        return true;
      },
      (error: unknown) => {
        this.#fault = `the replay state cannot be written (${errorCode(error)})`;
        if (!this.#closed) this.#retry = setTimeout(() => void this.#write(this.#bound), RETRY_MS).unref();
        return false;
      },
    );
    const writing = this.#writing;
    void writing.finally(() => (this.#writing = undefined));
    return writing;
  }

  /** What a crash has to find while everything that is taken is stamped before `bound`. */
  #content(bound: number): ReplayContent {
    const { floor } = this.#state;
    const newest = bound > floor ? Math.max(this.#newest, bound - 1) : this.#newest;
    return { clean: false, floor, bound, newest, positions: this.#state.positions() };
  }
}

/** A state that knows nothing: nothing captured before this moment can be sent into it. */
function begun(found: 'new' | 'lost', now: number): { found: Recovery['found']; content: ReplayContent } {
  const floor = now + 1;
  return { found, content: { clean: true, floor, bound: floor, newest: 0, positions: new Map() } };
}

function recovered(
  { bytes, file }: ReplayBytes,
  now: number,
  { skewMs }: FreshnessWindow,
): { found: Recovery['found']; content: ReplayContent } {
  const isOld = isJournal(bytes);
  const decoded = isOld ? decodeJournal(bytes, now, skewMs) : decodeReplay(bytes);
  if (decoded === undefined) return begun('lost', now);
  // Packets may have been taken since it was written, up to now.
  if (!isOriginal(decoded, file)) {
    return {
      found: 'copied',
      content: { ...decoded, clean: false, bound: Math.max(decoded.bound, now + 1) },
    };
  }
  return { found: isOld ? 'version-1' : decoded.clean ? 'clean' : 'crashed', content: decoded };
}

function started({ clean, floor, bound, newest, positions }: ReplayContent): ReplayContent {
  const begins = clean ? floor : Math.max(floor, bound);
  return {
    clean: false,
    floor: begins,
    bound: Math.max(begins, bound),
    newest,
    positions: clean ? positions : new Map(),
  };
}
