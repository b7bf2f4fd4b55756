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
import { openPacket, PacketError } from '#libs/crypto';
import type { Packet } from '#libs/crypto';
import { errorCode } from '#libs/files';
import type { AdmissionService } from '../admission/admission.service.js';
import type { HmacKeys } from '../packet-keys/hmac-keys.js';
import type { Origin } from '../admission/origin.js';
import { PacketRefusal } from '../admission/packet-refusal.js';
import type { PushOutcomes } from '../admission/push-outcomes.js';
import { logEvent } from '../log-events.js';
import { IncompleteFiles } from './incomplete-files.js';
import { RecentPackets } from './recent-packets.js';
import { deleteOldest, moveToRefused } from './refused-files.js';
import { Sequencer } from './sequencer.js';
import { byPosition, contentOf, isPacketFile } from './spool-files.js';
import { StuckFiles } from './stuck-files.js';

const LOOK_EVERY_MS = 100;
/** How soon packets that cannot be taken now are tried again. */
const RETRY_MS = 1000;
/** Files of one look: the others come with the next. */
const MOST_FILES = 256;
/** Bytes of packets that wait for their turn in memory; the other files wait unread. */
const MOST_HELD_BYTES = 32 * 1024 * 1024;
/** What may wait unread in the directory while the pool is full. */
const BACKLOG = { files: 50_000, bytes: 256 * 1024 * 1024 } as const;

interface Held {
  readonly name: string;
  readonly packet: Packet;
}

export class SpoolReader {
  readonly #directory: string;
  readonly #origin: Origin;
  readonly #recent = new RecentPackets();
  readonly #incomplete = new IncompleteFiles();
  readonly #stuck: StuckFiles;
  readonly #order: Sequencer<Held>;
  /** Those whose turn it is. */
  #ready: Held[] = [];
  /** The files of all packets that were read and not decided on. */
  readonly #held = new Set<string>();
  #heldBytes = 0;
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

  /** Begins to look. @throws errors of the file system when the directory cannot be read. */
  async open(): Promise<void> {
    await readdir(this.#directory);
    logEvent('log', 'receiving', { url: `spool://${this.#directory}` });
    this.#running = this.#run();
  }

  /** Ends after the packet that is being decided on; the files of the others stay. */
  async close(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    let fault: string | undefined;
    while (!this.#stopped) {
      try {
        const waitMs = await this.#look();
        fault = undefined;
        await setTimeout(waitMs);
      } catch (error) {
        const reason = errorCode(error);
        if (reason !== fault) logEvent('error', 'receive-failed', { url: this.#directory, reason });
        fault = reason;
        await setTimeout(RETRY_MS);
      }
    }
  }

  /** Reads what is new and decides on what has its turn; the milliseconds to wait before the next look. */
  async #look(): Promise<number> {
    const names = (await readdir(this.#directory)).filter(isPacketFile);
    const present = new Set(names);
    this.#incomplete.keep(present);
    await this.#stuck.tryAgain(present, performance.now());
    const fresh = names.filter((name) => !this.#held.has(name) && !this.#stuck.has(name)).sort(byPosition);
    let read = 0;
    for (const name of fresh) {
      if (this.#stopped || read >= MOST_FILES || this.#heldBytes >= MOST_HELD_BYTES) break;
      if (await this.#read(name)) read += 1;
    }
    this.#ready.push(...this.#order.due(performance.now()));
    if (await this.#admitReady()) return read >= MOST_FILES ? 0 : LOOK_EVERY_MS;
    this.#boundBacklog();
    return RETRY_MS;
  }

  #boundBacklog(): void {
    const isUnread = (name: string): boolean =>
      isPacketFile(name) && !this.#held.has(name) && !this.#stuck.has(name);
    for (let count = deleteOldest(this.#directory, BACKLOG, isUnread); count > 0; count -= 1) {
      this.outcomes.refused(new PacketRefusal('full', 'the backlog of the spool is full'), this.#origin);
    }
  }

  /** Whether there was a packet in it. */
  async #read(name: string): Promise<boolean> {
    const state = await this.#incomplete.look(this.#directory, name);
    if (state === 'abandoned') await this.#refuse(name);
    if (state !== 'changed') return false;
    const content = await contentOf(join(this.#directory, name));
    if (content === undefined) {
      await this.#refuse(name);
      return false;
    }
    let packet: Packet;
    try {
      packet = openPacket(content, this.keys.ring);
    } catch (error) {
      if (!(error instanceof PacketError)) throw error;
      return false;
    }
    this.#incomplete.forget(name);
    if (this.#recent.seen(packet.mac)) {
      this.outcomes.duplicate(packet, this.#origin);
      await this.#delete(name);
    } else {
      this.#held.add(name);
      this.#heldBytes += packet.data.length;
      this.#order.add(packet, { name, packet }, performance.now());
    }
    return true;
  }

  /** Decides on what has its turn; false when the first of it has to wait: those after it would be taken before it. */
  async #admitReady(): Promise<boolean> {
    for (;;) {
      const [first] = this.#ready;
      if (first === undefined || this.#stopped) return true;
      if (!(await this.#isDecided(first.packet))) return false;
      this.#ready.shift();
      this.#held.delete(first.name);
      this.#heldBytes -= first.packet.data.length;
      await this.#delete(first.name);
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

  #delete(name: string): Promise<void> {
    return this.#stuck.remove(name, () => rm(join(this.#directory, name), { force: true }));
  }

  #refuse(name: string): Promise<void> {
    const detail = 'a file that is no packet of a key holder, or cannot be read';
    this.outcomes.refused(new PacketRefusal('malformed', detail), this.#origin);
    return this.#stuck.remove(name, () => moveToRefused(this.#directory, name));
  }
}
