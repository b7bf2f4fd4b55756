/**
 * One run after another: each has a boot number, an outbox and a clock of its own. A run ends where going on could send bytes
 * twice; then everything on hand is dropped, and the next one begins as after a restart of the process.
 */
import type { MacKey } from '#libs/crypto';
import { Outbox } from './outbox.js';
import type { Outcome, Settlement } from './outbox.js';
import { RunClock } from './run-clock.js';

/** What runs need of the collector around them. */
export interface RunSurroundings {
  readonly collector: string;
  /** The key that seals now. */
  readonly key: () => MacKey;
  /** The number of the next run, on the disk when this returns; `wall` is Unix ms. */
  readonly nextBoot: (wall: number) => bigint;
  /** Wipes all bytes that are on hand before the outbox, and gives how many they were. */
  readonly clear: () => number;
}

/** Why a run ended: its clock did what no clock should, or somebody else uses its numbers. */
export interface RunEnd {
  readonly reason: 'clock-went-back' | 'clock-leapt' | 'run-replaced';
  /** How far the clock was off, ms. */
  readonly byMs: number;
  /** Bytes that were dropped. */
  readonly bytes: number;
  /** The number of the run that began. */
  readonly boot: bigint;
}

export class Runs {
  #boot: bigint;
  #outbox: Outbox;
  #clock: RunClock;
  #timestamp: number;

  /** @param boot of the first run. @param wall Unix ms. @param monotonic ms of a clock that is never set. */
  constructor(
    private readonly around: RunSurroundings,
    boot: bigint,
    wall: number,
    monotonic: number,
  ) {
    this.#boot = boot;
    this.#outbox = new Outbox({ collector: around.collector, boot });
    this.#clock = new RunClock(wall, monotonic);
    this.#timestamp = wall;
  }

  /** The number of the run that goes on. */
  get boot(): bigint {
    return this.#boot;
  }

  /** Bytes of entropy that are on their way: sealed or waiting to be sealed again. */
  get heldBytes(): number {
    return this.#outbox.heldBytes;
  }

  /** Whether a heartbeat has to go before other bytes. */
  get needsHeartbeat(): boolean {
    return this.#outbox.needsHeartbeat;
  }

  /** The packet whose outcome is unknown, to be sent again as it is. */
  get unsettled(): Buffer | undefined {
    return this.#outbox.unsettled;
  }

  /** Looks at the clocks, before anything is sealed or sent: what was given up by now, or why a new run began. */
  turn(wall: number, monotonic: number): { readonly expired?: Settlement; readonly end?: RunEnd } {
    const reading = this.#clock.read(wall, monotonic);
    if ('fault' in reading) return { end: this.#begin(reading.fault, reading.byMs, wall, monotonic) };
    this.#timestamp = reading.timestamp;
    const expired = this.#outbox.expire(this.#timestamp);
    return expired === undefined ? {} : { expired };
  }

  /** Takes entropy over, to be sealed; only when none is held, and no heartbeat has to go first. */
  hold(data: Buffer): void {
    this.#outbox.hold(data);
  }

  /** What is held turned out to be bad: the next `turn` drops it, unless the gateway takes what has left already. */
  condemn(): void {
    this.#outbox.condemn();
  }

  /** Seals the held entropy, or the first `most` bytes of it, with the time of the last `turn`. */
  sealEntropy(most = Infinity): Buffer {
    return this.#outbox.sealEntropy(this.#timestamp, this.around.key(), most);
  }

  /** Seals a heartbeat with the time of the last `turn`. */
  sealHeartbeat(telemetry: Buffer): Buffer {
    return this.#outbox.sealHeartbeat(telemetry, this.#timestamp, this.around.key());
  }

  /** Decides by the outcome of sending the sealed packet. */
  settle(
    outcome: Outcome,
    wall: number,
    monotonic: number,
  ): { readonly settlement: Settlement; readonly end?: RunEnd } {
    const settlement = this.#outbox.settle(outcome);
    if (settlement.result !== 'replayed') return { settlement };
    // A restored copy of this machine would send again what the other one has sent: it must not go on where it was.
    return { settlement, end: this.#begin('run-replaced', 0, wall, monotonic) };
  }

  #begin(reason: RunEnd['reason'], byMs: number, wall: number, monotonic: number): RunEnd {
    const bytes = this.#outbox.clear() + this.around.clear();
    const boot = this.around.nextBoot(wall);
    this.#boot = boot;
    this.#outbox = new Outbox({ collector: this.around.collector, boot });
    this.#clock = new RunClock(wall, monotonic);
    this.#timestamp = wall;
    return { reason, byMs, bytes, boot };
  }
}
