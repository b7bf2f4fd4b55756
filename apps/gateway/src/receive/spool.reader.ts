/**
 * Takes packets from files in a directory, in the order of sealing, each once.
 *
 *   NAME.qrng -> MAC -> copies left out -> order of sealing -> admission -> deleted | kept (pool full, not ready)
 *            \-> no packet: may still be growing -> refused/
 *
 * Whatever moves the files may duplicate, reorder, truncate, rename and delay them. A file stays until its packet was decided on.
 */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { openPacket, PACKET_OVERHEAD_BYTES, PacketError } from '#libs/crypto';
import type { Packet } from '#libs/crypto';
import { errorCode, lockOpenDirectory } from '#libs/files';
import type { OpenDirectoryLock } from '#libs/files';
import type { AdmissionService } from '../admission/admission.service.js';
import type { HmacKeys } from '../packet-keys/hmac-keys.js';
import type { Origin } from '../admission/origin.js';
import { PacketRefusal } from '../admission/packet-refusal.js';
import type { PushOutcomes } from '../admission/push-outcomes.js';
import { logEvent } from '../log-events.js';
import { IncompleteFiles, stateOf } from './incomplete-files.js';
import { RecentPackets } from './recent-packets.js';
import { boundRefused, deleteOldest, moveToRefused } from './refused-files.js';
import { Sequencer } from './sequencer.js';
import { contentOf, inOrder, isPacketFile, UnreadableFile } from './spool-files.js';
import { StuckFiles } from './stuck-files.js';

const LOOK_EVERY_MS = 100;
/** How soon packets that cannot be taken now are tried again. */
const RETRY_MS = 1000;
/** New files of one look, and of those that were no packet yet: the others come with the next. */
const MOST_FILES = 256;
/** Bytes of packets that wait for their turn in memory; the other files wait unread. */
const MOST_HELD_BYTES = 32 * 1024 * 1024;
/** What may wait unread in the directory while the pool is full. */
const BACKLOG = { files: 50_000, bytes: 256 * 1024 * 1024 } as const;
const BOUND_EVERY_MS = 10_000;

interface Held {
  readonly name: string;
  /** What its file looked like when it was read. */
  readonly readAs: string | undefined;
  readonly packet: Packet;
}

export class SpoolReader {
  readonly #directory: string;
  readonly #origin: Origin;
  readonly #recent = new RecentPackets();
  readonly #incomplete = new IncompleteFiles();
  readonly #stuck: StuckFiles;
  readonly #order: Sequencer<Held>;
  /** New files, the next one last. */
  #listed: string[] = [];
  /** Those whose turn it is. */
  #ready: Held[] = [];
  /** The files of all packets that were read and not decided on. */
  readonly #held = new Set<string>();
  #heldBytes = 0;
  #boundAt = 0;
  /** Something was moved to `refused/` at this look. */
  #refused = false;
  /** What was wrong at this look, and the reason that was logged last. */
  #fault: { readonly file?: string; readonly reason: string } | undefined;
  #reported: string | undefined;
  #lock: OpenDirectoryLock | undefined;
  #stopped = false;
  #running: Promise<void> = Promise.resolve();

  /** @param patienceMs for how long packets wait for a file that is missing before them. */
  constructor(
    url: URL,
    patienceMs: number,
    private readonly keys: HmacKeys,
    private readonly admission: AdmissionService,
    private readonly outcomes: PushOutcomes,
  ) {
    this.#directory = decodeURIComponent(url.pathname);
    this.#origin = { transport: 'spool', source: this.#directory };
    this.#order = new Sequencer(patienceMs);
    this.#stuck = new StuckFiles((name, reason) =>
      logEvent('error', 'receive-failed', { url: this.#directory, file: name, reason }),
    );
  }

  /**
   * Begins to look.
   *
   * @throws errors of the file system when the directory cannot be read; {DirectoryLockError} when another gateway reads it, which would
   *   take the same packets into a pool of its own.
   */
  async open(): Promise<void> {
    await readdir(this.#directory);
    this.#lock = lockOpenDirectory(this.#directory);
    logEvent('log', 'receiving', { url: `spool://${this.#directory}` });
    this.#running = this.#run();
  }

  /** Ends after the packet that is being decided on; the files of the others stay. */
  async close(): Promise<void> {
    this.#stopped = true;
    await this.#running;
    this.#lock?.close();
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      this.#fault = undefined;
      const waitMs = await this.#look().catch((error: unknown) => {
        this.#fault = { reason: errorCode(error) };
        return RETRY_MS;
      });
      this.#report();
      await setTimeout(waitMs);
    }
  }

  /** Logs what was wrong at this look, where it was not at the one before. */
  #report(): void {
    const { reason } = this.#fault ?? {};
    if (reason !== undefined && reason !== this.#reported) {
      logEvent('error', 'receive-failed', { url: this.#directory, ...this.#fault });
    }
    this.#reported = reason;
  }

  /** Reads what is new and decides on what has its turn; the milliseconds to wait before the next look. */
  async #look(): Promise<number> {
    if (this.#listed.length === 0) await this.#list();
    const again = this.#incomplete.next(MOST_FILES);
    for (let count = 0; count < MOST_FILES && this.#hasRoom; count += 1) {
      const name = this.#listed.pop();
      if (name === undefined) break;
      await this.#tryToRead(name);
    }
    for (const name of again) if (this.#hasRoom) await this.#tryToRead(name);
    if (this.#refused) await this.#boundRefused();
    this.#ready.push(...this.#order.due(performance.now()));
    if (await this.#admitReady()) return this.#listed.length > 0 && this.#hasRoom ? 0 : LOOK_EVERY_MS;
    await this.#boundBacklog();
    return RETRY_MS;
  }

  /** Looks what is new. A directory of thousands is not listed again before they were read. */
  async #list(): Promise<void> {
    const present = new Set((await readdir(this.#directory)).filter(isPacketFile));
    this.#incomplete.keep(present);
    await this.#stuck.tryAgain(present, performance.now());
    const fresh = [...present].filter((name) => this.#isUnread(name) && !this.#incomplete.has(name));
    this.#listed = inOrder(fresh).reverse();
  }

  get #hasRoom(): boolean {
    return !this.#stopped && this.#heldBytes < MOST_HELD_BYTES;
  }

  #isUnread(name: string): boolean {
    return !this.#held.has(name) && !this.#stuck.has(name);
  }

  async #boundBacklog(): Promise<void> {
    if (performance.now() < this.#boundAt) return;
    this.#boundAt = performance.now() + BOUND_EVERY_MS;
    const isMeant = (name: string): boolean => isPacketFile(name) && this.#isUnread(name);
    await deleteOldest(this.#directory, BACKLOG, isMeant, () =>
      this.outcomes.refused({ result: 'full', detail: 'the backlog of the spool is full' }, this.#origin),
    );
  }

  /** What cannot be looked at or deleted there holds up no packet. */
  async #boundRefused(): Promise<void> {
    this.#refused = false;
    try {
      await boundRefused(this.#directory);
    } catch (error) {
      this.#fault ??= { file: 'refused', reason: errorCode(error) };
    }
  }

  /** One file that cannot be read holds up no other, and is tried again. */
  async #tryToRead(name: string): Promise<void> {
    try {
      await this.#read(name);
    } catch (error) {
      if (error instanceof UnreadableFile) this.#incomplete.unread(name);
      const reason = error instanceof UnreadableFile ? error.message : errorCode(error);
      this.#fault ??= { file: name, reason };
    }
  }

  async #read(name: string): Promise<void> {
    const state = await this.#incomplete.look(this.#directory, name, performance.now());
    if (state === 'abandoned') await this.#refuse(name);
    if (state !== 'changed') return;
    const path = join(this.#directory, name);
    const content = await contentOf(path);
    if (content === undefined) {
      await this.#refuse(name);
      return;
    }
    let packet: Packet;
    try {
      packet = openPacket(content, this.keys.ring);
    } catch (error) {
      if (!(error instanceof PacketError)) throw error;
      return;
    }
    const readAs = await stateOf(path);
    // What was written to while it was read would later be taken for another file, and counted as a copy: the next look reads it again.
    if (readAs !== undefined && readAs !== this.#incomplete.stateOf(name)) return;
    this.#incomplete.forget(name);
    if (this.#recent.seen(packet.mac)) {
      this.outcomes.duplicate(packet, this.#origin);
      await this.#delete(name, readAs);
    } else {
      this.#held.add(name);
      this.#heldBytes += sizeOf(packet);
      this.#order.add(packet, { name, readAs, packet }, performance.now());
    }
  }

  /** Decides on what has its turn; false when the first of it has to wait: those after it would be taken before it. */
  async #admitReady(): Promise<boolean> {
    for (;;) {
      const [first] = this.#ready;
      if (first === undefined || this.#stopped) return true;
      if (!(await this.#isDecided(first.packet))) return false;
      this.#ready.shift();
      this.#held.delete(first.name);
      this.#heldBytes -= sizeOf(first.packet);
      await this.#delete(first.name, first.readAs);
    }
  }

  async #isDecided(packet: Packet): Promise<boolean> {
    try {
      await this.admission.admit(packet, this.#origin);
      return true;
    } catch (error) {
      if (!(error instanceof PacketRefusal)) throw error;
      return !['full', 'unready', 'unknown'].includes(error.result);
    }
  }

  /** Deletes a file that was decided on. Another one that has its name by now is new, and stays. */
  #delete(name: string, readAs: string | undefined): Promise<void> {
    const path = join(this.#directory, name);
    return this.#stuck.remove(name, async () => {
      if ((await stateOf(path)) === readAs) await rm(path, { force: true });
    });
  }

  #refuse(name: string): Promise<void> {
    const detail = 'a file that is no packet of a key holder, or cannot be read';
    this.outcomes.refused({ result: 'malformed', detail }, this.#origin);
    this.#incomplete.forget(name);
    return this.#stuck.remove(name, async () => {
      await moveToRefused(this.#directory, name);
      this.#refused = true;
    });
  }
}

function sizeOf(packet: Packet): number {
  return packet.data.length + PACKET_OVERHEAD_BYTES;
}
