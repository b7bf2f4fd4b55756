/**
 * The replay state of a gateway that stands alone: in memory to compare with, in a journal to outlive a crash.
 *
 *   open: journal -> state -> a new journal without what is no longer needed
 *   accept: journal (synced) -> state
 *   a write failed: nothing is accepted until the whole state is in a fresh journal
 */
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '#libs/files';
import { ReplayJournal } from './replay-journal.js';
import type { ReplayRecord } from './replay-journal.js';
import { ReplayState } from './replay-state.js';

/** About 1 MB. */
const COMPACT_AFTER = 16_384;

/** How the state was found: `setAside` is where a journal that cannot be trusted was moved to. */
export interface Recovery {
  readonly found: 'new' | 'whole' | 'torn' | 'lost';
  readonly setAside?: string;
}

export class ReplayStore {
  readonly #path: string;
  readonly #floor: number;
  readonly #compactAfter: number;
  readonly #state: ReplayState;
  #journal: ReplayJournal | undefined;
  #fault: string | undefined;

  private constructor(
    path: string,
    floor: number,
    state: ReplayState,
    journal: ReplayJournal,
    compactAfter: number,
  ) {
    this.#path = path;
    this.#floor = floor;
    this.#state = state;
    this.#journal = journal;
    this.#compactAfter = compactAfter;
  }

  /**
   * Opens the state in `directory`, or begins a new one at `now` (Unix ms).
   *
   * @param compactAfter records after which the journal is written anew.
   * @throws errors of the file system.
   */
  static async open(
    directory: string,
    now: number,
    compactAfter = COMPACT_AFTER,
  ): Promise<{ store: ReplayStore; recovery: Recovery }> {
    const path = join(directory, 'replay-state');
    const content = await ReplayJournal.read(path);
    let recovery: Recovery = { found: content === undefined ? 'new' : 'whole' };
    if (content?.damage === 'tail') recovery = { found: 'torn' };
    if (content?.damage === 'body') {
      recovery = { found: 'lost', setAside: `${path}.damaged-${now}` };
      await rename(path, `${path}.damaged-${now}`);
    }
    const state = new ReplayState(content?.records);
    // A torn record was most likely never answered; if the disk lost an answered one, its packet is below the floor.
    const floor = recovery.found === 'whole' ? (content?.floor ?? now) : Math.max(now, content?.floor ?? 0);
    const journal = await ReplayJournal.create(path, floor, state.records());
    return { store: new ReplayStore(path, floor, state, journal, compactAfter), recovery };
  }

  /** How a packet stands to those accepted; `below-floor` when this state cannot know whether it was accepted before. */
  check(
    packet: ReplayRecord & { readonly timestamp: bigint },
  ): ReturnType<ReplayState['check']> | 'below-floor' {
    const position = this.#state.check(packet);
    return position === 'next' && packet.timestamp < BigInt(this.#floor) ? 'below-floor' : position;
  }

  /** Sequence numbers that `packet` skips. */
  missing(packet: ReplayRecord): bigint {
    return this.#state.missing(packet);
  }

  /** The collectors of which a packet was ever accepted. */
  collectors(): string[] {
    return this.#state.collectors();
  }

  /** Whether a packet of this collector was ever accepted. */
  knows(collector: string): boolean {
    return this.#state.knows(collector);
  }

  /**
   * Makes each packet the last one accepted of its collector, on the disk first: all of them, or none. At most
   * MAX_APPENDED, of different collectors. One call at a time.
   *
   * @returns false when they could not be written; the state is as it was then, and `fault()` says why.
   */
  async accept(packets: readonly ReplayRecord[]): Promise<boolean> {
    const journal = this.#journal;
    if (journal === undefined) return false;
    try {
      await journal.append(packets);
    } catch (error) {
      await this.#fail(error);
      return false;
    }
    for (const packet of packets) this.#state.advance(packet);
    if (journal.records >= this.#compactAfter) await this.recover();
    return true;
  }

  /** Writes the whole state into a fresh journal. One call at a time, and none of `accept` meanwhile. */
  async recover(): Promise<void> {
    try {
      const journal = await ReplayJournal.create(this.#path, this.#floor, this.#state.records());
      await this.#journal?.close();
      this.#journal = journal;
      this.#fault = undefined;
    } catch (error) {
      await this.#fail(error);
    }
  }

  /** Why nothing can be accepted; undefined while all is well. */
  fault(): string | undefined {
    return this.#fault;
  }

  async close(): Promise<void> {
    const journal = this.#journal;
    this.#journal = undefined;
    this.#fault = 'closed';
    await journal?.close();
  }

  /** What a failed write or sync left behind is unknown, so this journal takes no record any more. */
  async #fail(error: unknown): Promise<void> {
    this.#fault = `the replay state cannot be written (${errorCode(error)})`;
    const journal = this.#journal;
    this.#journal = undefined;
    await journal?.close().catch(() => undefined); // the error that matters is the one above
  }
}
