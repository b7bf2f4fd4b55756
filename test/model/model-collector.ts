/** A collector as PushScheduler drives it, without its timers: the real runs, outbox, clock and boot numbers. */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MacKey } from '#libs/crypto';
import type { Outcome } from '../../apps/collector/src/push/outbox.js';
import { CLOCK_SKEW_MS } from '../../apps/collector/src/push/run-clock.js';
import { Runs } from '../../apps/collector/src/push/runs.js';
import { nextBoot } from '../../apps/collector/src/state/boot.js';

/** What the sources of the model give at a time. */
export const PIECE_BYTES = 8;

/** What happened to the runs of one process, to be done again for a machine that is restored. */
type Deed = (runs: Runs) => void;

/** A machine's memory and disk at one moment. */
export interface Snapshot {
  readonly id: string;
  readonly deeds: readonly Deed[];
  readonly boots: readonly bigint[];
  readonly began: readonly [wall: number, monotonic: number];
  readonly buffer: readonly Buffer[];
  readonly disk: string | undefined;
  readonly monotonic: number;
}

export class ModelCollector {
  /** ms that its wall clock is ahead. */
  offset = 0;
  /** ms that its monotonic clock stood still, in snapshots. */
  #asleep = 0;
  #runs: Runs | undefined;
  #deeds: Deed[] = [];
  #boots: bigint[] = [];
  #began: readonly [number, number] = [0, 0];
  #buffer: Buffer[] = [];
  /** The key of the deed that is being done: a machine that is restored holds what it sealed with the key of then. */
  #sealing: MacKey | undefined;

  /**
   * @param key that it seals with now.
   * @param now true time, Unix ms.
   * @param fetch gives bytes that no source ever gives again.
   */
  constructor(
    readonly id: string,
    readonly folder: string,
    readonly key: () => MacKey,
    private readonly now: () => number,
    private readonly fetch: () => Buffer,
  ) {
    mkdirSync(folder, { recursive: true });
    this.restart();
  }

  get #wall(): number {
    return this.now() + this.offset;
  }

  get #monotonic(): number {
    return this.now() - this.#asleep;
  }

  /** Begins a new process; what the old one had in memory is gone. */
  restart(): void {
    this.#deeds = [];
    this.#boots = [this.#nextBoot(this.#wall)];
    this.#began = [this.#wall, this.#monotonic];
    this.#buffer = Array.from({ length: 3 }, () => this.fetch());
    this.#runs = this.#newRuns(this.#boots[0] ?? 0n, (wall) => this.#nextBoot(wall));
  }

  /** Loses the number of its last run. */
  loseState(): void {
    rmSync(join(this.folder, 'boot'), { force: true });
  }

  /** Looks at its clocks, as a process that runs does every second. */
  look(): void {
    const [wall, monotonic] = [this.#wall, this.#monotonic];
    this.#do((runs) => void runs.turn(wall, monotonic));
  }

  /** The packet that it sends now; a sealed one of unknown fate goes out as it is. */
  next(heartbeat: boolean): { readonly packet: Buffer; readonly isNew: boolean } {
    this.look();
    const { unsettled } = this.#current;
    if (unsettled !== undefined) return { packet: Buffer.from(unsettled), isNew: false };
    if (heartbeat || this.#current.needsHeartbeat) {
      this.#do((runs) => void runs.sealHeartbeat(Buffer.alloc(0)));
    } else this.#seal();
    return { packet: Buffer.from(this.#current.unsettled ?? Buffer.alloc(0)), isNew: true };
  }

  /** Hears what became of it. */
  settle(outcome: Outcome): void {
    const [wall, monotonic] = [this.#wall, this.#monotonic];
    this.#do((runs) => void runs.settle(outcome, wall, monotonic));
  }

  /** What a snapshot of its machine would hold. */
  snapshot(): Snapshot {
    const file = join(this.folder, 'boot');
    const disk = existsSync(file) ? readFileSync(file, 'utf8') : undefined;
    const { deeds, boots, buffer } = {
      deeds: [...this.#deeds],
      boots: [...this.#boots],
      buffer: [...this.#buffer],
    };
    const { id } = this;
    return { id, deeds, boots, began: this.#began, buffer, disk, monotonic: this.#monotonic };
  }

  /** Brings memory and disk back to what they were, as a hypervisor does; the wall clock is that of now. */
  restore(snapshot: Snapshot): void {
    const boots = [...snapshot.boots];
    const first = boots.shift() ?? 0n;
    this.#began = snapshot.began;
    const runs = this.#newRuns(first, () => boots.shift() ?? 0n, ...snapshot.began);
    for (const deed of snapshot.deeds) deed(runs);
    this.#runs = runs;
    this.#deeds = [...snapshot.deeds];
    this.#boots = [...snapshot.boots];
    this.#buffer = [...snapshot.buffer];
    this.#asleep = this.now() - snapshot.monotonic;
    this.#again = (wall) => this.#nextBoot(wall);
    if (snapshot.disk === undefined) this.loseState();
    else writeFileSync(join(this.folder, 'boot'), snapshot.disk);
  }

  /** A second machine that is restored from the snapshot while this one goes on. */
  clone(snapshot: Snapshot, folder: string): ModelCollector {
    cpSync(this.folder, folder, { recursive: true });
    const other = new ModelCollector(this.id, folder, this.key, this.now, this.fetch);
    other.offset = this.offset;
    other.restore(snapshot);
    return other;
  }

  /** Where boot numbers come from: the disk, but while a snapshot is brought back. */
  #again: (wall: number) => bigint = (wall) => this.#nextBoot(wall);

  get #current(): Runs {
    if (this.#runs === undefined) throw new Error('the collector was not started');
    return this.#runs;
  }

  #newRuns(
    boot: bigint,
    boots: (wall: number) => bigint,
    wall = this.#wall,
    monotonic = this.#monotonic,
  ): Runs {
    this.#again = boots;
    const around = {
      collector: this.id,
      key: () => this.#sealing ?? this.key(),
      nextBoot: (at: number) => this.#again(at),
      clear: () => this.#clear(),
    };
    return new Runs(around, boot, wall, monotonic);
  }

  #nextBoot(wall: number): bigint {
    const { boot } = nextBoot(this.folder, wall, CLOCK_SKEW_MS);
    if (this.#runs !== undefined) this.#boots.push(boot);
    return boot;
  }

  #clear(): number {
    this.#buffer = [];
    return 0;
  }

  #seal(): void {
    if (this.#current.heldBytes === 0) {
      while (this.#buffer.length < 3) this.#buffer.push(this.fetch());
      const data = [this.#buffer.shift() ?? this.fetch(), this.#buffer.shift() ?? this.fetch()];
      this.#do((runs) => runs.hold(Buffer.concat(data)));
    }
    // Both pieces in one packet or each in its own: as for a pool that is full.
    const most = this.#deeds.length % 3 === 0 ? PIECE_BYTES : 2 * PIECE_BYTES;
    this.#do((runs) => void runs.sealEntropy(most));
  }

  #do(what: Deed): void {
    const key = this.key();
    const deed: Deed = (runs) => {
      this.#sealing = key;
      what(runs);
    };
    deed(this.#current);
    this.#deeds.push(deed);
  }
}
