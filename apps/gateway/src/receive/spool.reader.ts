/**
 * Takes packets from files in a directory, in the order of sealing, each once.
 *
 *   NAME.qrng -> whole? -> MAC -> admission -> deleted | kept (pool full, not ready) | refused/ (not a packet)
 *
 * Whatever moves the files may duplicate, reorder, truncate and delay them. A file is read once it has been there for a
 * moment, so that one before it can still come; one that ends too early may still be growing.
 */
import { constants } from 'node:fs';
import { lstat, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { MAX_PACKET_BYTES, openPacket, PacketError } from '#libs/crypto';
import type { Packet } from '#libs/crypto';
import { errorCode } from '#libs/files';
import type { AdmissionService } from '../admission/admission.service.js';
import type { HmacKeys } from '../packet-keys/hmac-keys.js';
import type { Origin } from '../admission/origin.js';
import { PacketRefusal } from '../admission/packet-refusal.js';
import type { PushOutcomes } from '../admission/push-outcomes.js';
import { logEvent } from '../log-events.js';
import { RecentPackets } from './recent-packets.js';
import { moveToRefused } from './refused-files.js';

const LOOK_EVERY_MS = 100;
/** A file is read when it has been seen for so long. */
const SETTLED_MS = 300;
/** One that is no packet is moved away when it did not change for so long: it may have been on its way. */
const ABANDONED_MS = 5000;
/** How soon a packet that cannot be taken now is tried again. */
const RETRY_MS = 1000;
/** Files of one look: the others come with the next. */
const MOST_FILES = 256;

const NAME = /^([a-z0-9-]{1,16})-(\d{1,20})-(\d{1,20})\.qrng$/;

type Fate = 'done' | 'keep' | 'not a packet';

export class SpoolReader {
  readonly #directory: string;
  readonly #origin: Origin;
  readonly #recent = new RecentPackets();
  /** When each file was first seen, ms of a clock that never goes back. */
  #seenAt = new Map<string, number>();
  #stopped = false;
  #running: Promise<void> = Promise.resolve();

  constructor(
    url: URL,
    private readonly keys: HmacKeys,
    private readonly admission: AdmissionService,
    private readonly outcomes: PushOutcomes,
  ) {
    this.#directory = decodeURIComponent(url.pathname);
    this.#origin = { transport: 'spool', source: this.#directory };
  }

  /** Begins to look. @throws errors of the file system when the directory cannot be read. */
  async open(): Promise<void> {
    await readdir(this.#directory);
    logEvent('log', 'receiving', { url: `spool://${this.#directory}` });
    this.#running = this.#run();
  }

  /** Ends after the file that is being read. */
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

  /** Reads what is there; the milliseconds to wait before the next look. */
  async #look(): Promise<number> {
    const now = performance.now();
    const names = (await readdir(this.#directory)).filter((name) => name.endsWith('.qrng')).sort(byName);
    this.#seenAt = new Map(names.map((name) => [name, this.#seenAt.get(name) ?? now]));
    const settled = names.filter((name) => now - (this.#seenAt.get(name) ?? now) >= SETTLED_MS);
    for (const name of settled.slice(0, MOST_FILES)) {
      if (this.#stopped) break;
      const fate = await this.#read(name);
      if (fate === 'keep') return RETRY_MS; // those after it would be taken before it
      if (fate === 'done') await rm(join(this.#directory, name), { force: true });
      else await this.#refuse(name);
    }
    return settled.length > MOST_FILES ? 0 : LOOK_EVERY_MS;
  }

  async #read(name: string): Promise<Fate> {
    const content = await this.#contentOf(name);
    if (content === undefined) return 'not a packet';
    let packet: Packet;
    try {
      packet = openPacket(content, this.keys.ring);
    } catch (error) {
      if (!(error instanceof PacketError)) throw error;
      return 'not a packet';
    }
    if (this.#recent.seen(packet.mac)) {
      this.outcomes.duplicate(packet, this.#origin);
      return 'done';
    }
    return this.#admit(packet);
  }

  async #admit(packet: Packet): Promise<Fate> {
    try {
      await this.admission.admit(packet, this.#origin);
      return 'done';
    } catch (error) {
      if (!(error instanceof PacketRefusal)) throw error;
      const isLater = error.result === 'full' || error.result === 'unready' || error.result === 'unknown';
      if (isLater) this.#recent.forget(packet.mac);
      return isLater ? 'keep' : 'done';
    }
  }

  /** Nothing for what is no regular file of a packet's size; links are not followed. */
  async #contentOf(name: string): Promise<Buffer | undefined> {
    const path = join(this.#directory, name);
    const stats = await lstat(path);
    if (!stats.isFile() || stats.size > MAX_PACKET_BYTES) return undefined;
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      return await file.readFile();
    } finally {
      await file.close();
    }
  }

  async #refuse(name: string): Promise<void> {
    const { mtimeMs } = await lstat(join(this.#directory, name));
    if (Date.now() - mtimeMs < ABANDONED_MS) return;
    this.outcomes.refused(
      new PacketRefusal('malformed', 'a file that is no packet of a key holder'),
      this.#origin,
    );
    moveToRefused(this.#directory, name);
  }
}

/** By collector, run and number, as far as names tell; what is named otherwise comes last. */
function byName(a: string, b: string): number {
  const [x, y] = [NAME.exec(a), NAME.exec(b)];
  if (x === null || y === null) return Number(x === null) - Number(y === null);
  if (x[1] !== y[1]) return (x[1] ?? '') < (y[1] ?? '') ? -1 : 1;
  const [boot, number] = [BigInt(x[2] ?? 0) - BigInt(y[2] ?? 0), BigInt(x[3] ?? 0) - BigInt(y[3] ?? 0)];
  return Number(boot) || Number(number);
}
