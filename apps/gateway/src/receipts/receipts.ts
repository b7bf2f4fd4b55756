/**
 * Receipts: a record of each draw that asked for one, in a log that anybody can check (docs/receipts.md).
 *
 *   open -> room in the log? -> draw -> append, synced -> index      every half second: checkpoint, proofs of collectors
 *           | none: 503, nothing taken                               receipt(index) -> both, two seconds later at most
 */
import { statfs } from 'node:fs/promises';
import type { OnApplicationShutdown } from '@nestjs/common';
import type { LineageTelemetry } from '#libs/crypto';
import type { PacketProof } from '#libs/tlog';
import { encodeExtra, packetName, parseEntry, parseTilePath, salted, TILE_WIDTH } from '#libs/tlog';
import { errorCode } from '#libs/files';
import type { Clock } from '../clock.js';
import { logEvent } from '../log-events.js';
import type { PacketRef } from '../pool/packet-ref.js';
import { ApiError } from '../problem/api-error.js';
import type { DrawRecord } from './drawing.js';
import type { LineageBook } from './lineage-book.js';
import type { LineageExchange } from './lineage-exchange.js';
import type { LineageRecords } from './lineage-records.js';
import type { ReceiptLog } from './receipt-log.js';
import { noReceipt, notWritten, Reads } from './reads.js';
import { decodeSecrets } from './secrets.js';

const TICK_MS = 500;
const WAKE_MS = 50;
/** A receipt waits for its collectors' proofs for this time, then comes as it is: with its checkpoint, two seconds after the draw. */
const COMPLETE_MS = 1500;
/** Proofs that did not come in this time do not come. */
const PROOFS_MS = 60_000;
const RETENTION_EVERY_MS = 3_600_000;
/** Retention trusts the clock when a packet was sealed not longer ago than this. In a shared pool Redis' clock watches over it. */
const CONFIRMED_MS = 600_000;
/** The most bytes of an entry with 256 pieces, and what else a record has. */
const RECORD_BYTES = 65_536;
/** The disk must have as much beside what is reserved: checkpoints and tiles need it. */
const FREE_BYTES = 1024 * 1024;

export interface ReceiptSurroundings {
  readonly directory: string;
  readonly log: ReceiptLog;
  readonly book: LineageBook;
  readonly lineage: LineageRecords;
  /** With the other gateways of a shared pool. */
  readonly exchange: LineageExchange | undefined;
  /** Hides names of clients in the log. */
  readonly salt: Buffer;
  readonly clock: Clock;
  /** 0: entries stay forever. */
  readonly retentionMs: number;
  readonly onCut: (entries: number) => void;
}

/** Room in the log for the record of one draw. */
export interface Slot {
  /** The hash that stands for the client in the public log. */
  readonly client: Buffer;
  /**
   * Writes the record; its index, once it is on the disk.
   *
   * @throws {ApiError} `unavailable`; what was drawn for it must be given to nobody.
   */
  readonly append: (record: DrawRecord) => Promise<number>;
  /** Gives up the room that is left; call it once. */
  readonly release: () => void;
}

export class Receipts implements OnApplicationShutdown {
  readonly #reads = new Reads();
  readonly #around: ReceiptSurroundings;
  readonly #pending = new Map<number, { packets: readonly PacketRef[]; since: number }>();
  readonly #timer: NodeJS.Timeout;
  #ticking: Promise<void> = Promise.resolve();
  #wake: NodeJS.Timeout | undefined;
  #waiting: (() => void)[] = [];
  #retentionAt = 0;
  #low: string | undefined;
  /** The latest time that a packet confirmed, Unix ms: a collector's clock said it, and this one agreed. */
  #confirmed = 0;
  #broken: string | undefined; // why the last look at what is to be done broke off
  #logged: string | undefined;

  constructor(around: ReceiptSurroundings) {
    this.#around = around;
    this.#timer = setInterval(() => void this.#tick(), TICK_MS).unref();
  }

  get log(): ReceiptLog {
    return this.#around.log;
  }

  /** A packet was accepted that was sealed at `timestamp`, Unix ms. */
  noteTime(timestamp: number): void {
    this.#confirmed = Math.max(this.#confirmed, timestamp);
  }

  notePacket(packet: PacketRef): void {
    this.#around.book.note(packet);
    this.#around.exchange?.note(packet);
  }

  /** A heartbeat was accepted that says what `collector` signed. */
  noteStatement(collector: string, lineage: LineageTelemetry): void {
    this.#around.book.state(collector, lineage);
    this.#around.exchange?.state(collector, lineage);
    this.#wakeUp();
  }

  /** Why no receipts can be given now; undefined while they can. */
  get fault(): string | undefined {
    return this.#around.log.fault ?? this.#low;
  }

  /**
   * Makes sure that the record of a draw can be written, before anything is taken for it.
   *
   * @param client its name.
   * @param revealed the most bytes that the receipt will reveal.
   * @throws {ApiError} `unavailable` when no receipt can be written now.
   */
  async open(client: string, revealed: number): Promise<Slot> {
    const release = await this.#reserve(RECORD_BYTES + 2 * revealed);
    return { client: this.#hidden(client), append: (record) => this.#append(record), release };
  }

  /**
   * The receipt file of entry `index`, as soon as it is published and its packets are proven, two seconds after the draw at
   * the latest.
   *
   * @throws {ApiError} `not-found` when there is none of this client, `unavailable` when it cannot be published or read now.
   */
  receipt(index: number, client: string): Promise<string> {
    return this.#reads.of(() => this.#receipt(index, client));
  }

  /**
   * What anybody can read of the log (c2sp.org/tlog-tiles): `checkpoint`, `public-key`, `cut`, or a tile by its path; undefined where
   * there is no such file, or not yet.
   *
   * @throws {ApiError} `unavailable` when it cannot be read now.
   */
  file(path: string): Promise<string | Buffer | undefined> {
    return this.#reads.of(() => this.#file(path));
  }

  #file(path: string): string | Buffer | undefined | Promise<Buffer | undefined> {
    const { log } = this.#around;
    if (path === 'checkpoint') return log.checkpoint;
    if (path === 'public-key') return `${log.publicKey}\n`;
    if (path === 'cut') return log.cut?.note;
    const tile = parseTilePath(path);
    if (tile === undefined) return undefined;
    const { level, index, width } = tile;
    return level === 'entries' ? log.entryTile(index, width) : log.hashTile(level, index, width);
  }

  async #receipt(index: number, client: string): Promise<string> {
    this.#wakeUp();
    await this.#completed(index);
    const { log, lineage, clock } = this.#around;
    let record = await log.record(index);
    for (
      const until = clock.monotonic() + COMPLETE_MS;
      record === 'unpublished' && clock.monotonic() < until;
    ) {
      await this.#nextTick(TICK_MS);
      record = await log.record(index);
    }
    if (record === 'unpublished') throw noReceipt();
    if (record === undefined || !parseEntry(record.entry).client.equals(this.#hidden(client))) {
      throw this.#unknown(index);
    }
    return record.file(encodeExtra(record.entry, decodeSecrets(record.extra), await lineage.read(index)));
  }

  #wakeUp(): void {
    if (this.#pending.size === 0) return;
    this.#wake ??= setTimeout(() => {
      this.#wake = undefined;
      void this.#tick();
    }, WAKE_MS);
  }

  /** The last request was answered. */
  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.#timer);
    await this.#tick();
    clearTimeout(this.#wake);
    await this.#around.log.close();
  }

  async #reserve(bytes: number): Promise<() => void> {
    await this.#look();
    if (this.fault !== undefined) throw noReceipt();
    try {
      return await this.#around.log.reserve(bytes);
    } catch {
      throw noReceipt(); // the fault of the log says why
    }
  }

  /** Looks whether the disk has room. */
  async #look(): Promise<void> {
    const { bavail, bsize } = await statfs(this.#around.directory);
    this.#low = bavail * bsize < FREE_BYTES ? 'the disk of the receipt log is full' : undefined;
  }

  async #append({ packets, ...record }: DrawRecord): Promise<number> {
    try {
      const index = await this.#around.log.append(record);
      const named = new Map(packets.map((packet) => [packetName(packet), packet]));
      this.#pending.set(index, { packets: [...named.values()], since: this.#around.clock.monotonic() });
      return index;
    } catch {
      throw notWritten();
    }
  }

  #tick(): Promise<void> {
    this.#ticking = this.#ticking.then(() => this.#work());
    return this.#ticking;
  }

  async #work(): Promise<void> {
    const { log } = this.#around;
    try {
      await this.#look();
      await log.recover();
      log.publish();
      await this.#around.exchange?.run();
      await this.#prove();
      await this.#cut();
      this.#broken = undefined;
    } catch (error) {
      this.#broken = `the receipt log cannot be kept (${errorCode(error)})`; // the next tick tries again
    }
    this.#logFault();
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  async #prove(): Promise<void> {
    const { book, lineage, clock } = this.#around;
    const now = clock.monotonic();
    const known = new Map<string, PacketProof | undefined>(); // many draws come from one packet
    const proven = new Map<number, PacketProof[]>();
    for (const [index, { packets }] of this.#pending) {
      const proofs = packets.flatMap((packet) => {
        const name = packetName(packet);
        if (!known.has(name)) known.set(name, book.proof(packet));
        return known.get(name) ?? [];
      });
      if (proofs.length === packets.length) proven.set(index, proofs);
    }
    try {
      await lineage.write(proven, (index) => this.#pending.delete(index));
    } finally {
      // Given up, also where it cannot be written: what waits is bounded.
      for (const [index, { since }] of this.#pending) {
        if (now - since > PROOFS_MS) this.#pending.delete(index);
      }
    }
  }

  async #cut(): Promise<void> {
    const { log, lineage, clock, retentionMs, onCut, exchange } = this.#around;
    if (retentionMs === 0 || clock.monotonic() < this.#retentionAt) return;
    // A clock that is wrong must not remove the log: packets of another time than its own are refused.
    if (exchange === undefined && clock.now() - this.#confirmed > CONFIRMED_MS) return;
    this.#retentionAt = clock.monotonic() + RETENTION_EVERY_MS;
    const oldest = clock.now() - retentionMs;
    const entries = await log.cutOld((entry) => parseEntry(entry).time < oldest, clock.now());
    if (entries === 0) return;
    lineage.cut((log.cut?.first ?? 0) / TILE_WIDTH);
    onCut(entries);
  }

  #logFault(): void {
    const fault = this.fault ?? this.#broken;
    if (fault === this.#logged) return;
    if (fault === undefined) logEvent('log', 'receipt-log-writable');
    else logEvent('error', 'receipt-log-unwritable', { reason: fault });
    this.#logged = fault;
  }

  /** Waits for the proofs of an entry, as long as it is new. */
  async #completed(index: number): Promise<void> {
    for (;;) {
      const pending = this.#pending.get(index);
      if (pending === undefined) return;
      const leftMs = pending.since + COMPLETE_MS - this.#around.clock.monotonic();
      if (leftMs <= 0) return;
      await this.#nextTick(leftMs);
    }
  }

  /** Resolves after the next look at what is to be done, in `mostMs` at the latest. */
  #nextTick(mostMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, mostMs);
      this.#waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #hidden(client: string): Buffer {
    return salted(this.#around.salt, Buffer.from(client));
  }

  #unknown(index: number): ApiError {
    const { first = 0 } = this.#around.log.cut ?? {};
    const detail =
      index < first
        ? `Receipts before ${first} were removed by retention.`
        : `There is no receipt ${index} of this API key.`;
    return new ApiError('not-found', detail);
  }
}
