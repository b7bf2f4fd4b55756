/** A gateway of its own: the real pool and replay state, on a disk that a crash leaves as it is at that moment. */
import { existsSync, linkSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Packet } from '#libs/crypto';
import { Clock } from '../../apps/gateway/src/clock.js';
import { EmbeddedPool } from '../../apps/gateway/src/pool/embedded-pool.js';
import { ExpiringBuffer } from '../../apps/gateway/src/pool/expiring-buffer.js';
import { ReplayStore } from '../../apps/gateway/src/pool/replay/replay-store.js';
import type { ModelGateway } from './network.js';
import { WINDOW } from './window.js';

/** Small, so that it is full now and then; each piece of entropy has 8 bytes. */
export const CAPACITY = 64;

const FAILPOINT = Symbol.for('qrng.failpoint');
const SILENT = { floorLowered: () => undefined, fileDisturbed: () => undefined, notSaved: () => undefined };

/** True time and what a gateway's clock makes of it. */
export class ModelClock extends Clock {
  constructor(
    private readonly time: () => number,
    private readonly offset: () => number,
  ) {
    super();
  }

  override now(): number {
    return this.time() + this.offset();
  }

  override monotonic(): number {
    return this.time();
  }
}

export class EmbeddedGateway implements ModelGateway {
  offset = 0;
  #folder: string;
  #pool: EmbeddedPool | undefined;
  #store: ReplayStore | undefined;
  #kept: Buffer | undefined;
  /** The disk as it was when the process died, while the objects of that process still run to their end. */
  #died: { readonly folder: string; readonly at: string } | undefined;

  /** @param root where its folders are, each left behind by a crash. */
  constructor(
    private readonly root: string,
    private readonly time: () => number,
  ) {
    this.#folder = mkdtempSync(join(root, 'gateway-'));
  }

  get up(): boolean {
    return this.#pool !== undefined;
  }

  async start(): Promise<void> {
    const clock = new ModelClock(this.time, () => this.offset);
    const { store } = await ReplayStore.open(this.#folder, clock.now(), WINDOW, SILENT);
    const buffer = new ExpiringBuffer({ capacity: CAPACITY, overflow: 'discard', ttlMs: 0 }, () => undefined);
    const pool = new EmbeddedPool(store, buffer, clock, WINDOW);
    this.#pool = pool;
    this.#store = store;
    await this.#bury();
  }

  async stop(): Promise<void> {
    const pool = this.#pool;
    this.#pool = undefined;
    await pool?.close();
    await this.#bury(pool);
  }

  async crash(failpoint?: string): Promise<void> {
    if (failpoint === undefined) {
      this.#die('now');
      await this.#bury();
      return;
    }
    Reflect.set(globalThis, FAILPOINT, (reached: string) => {
      if (reached === failpoint) this.#die(reached);
    });
  }

  spare(): void {
    Reflect.deleteProperty(globalThis, FAILPOINT);
  }

  keepState(): void {
    const file = join(this.#folder, 'replay-state');
    if (existsSync(file)) this.#kept = readFileSync(file);
  }

  loseState(how: 'deleted' | 'damaged' | 'restored'): void {
    const file = join(this.#folder, 'replay-state');
    rmSync(file, { force: true });
    if (how === 'damaged') writeFileSync(file, 'garbage');
    if (how === 'restored' && this.#kept !== undefined) writeFileSync(file, this.#kept);
  }

  async admit(packet: Packet): Promise<string> {
    const { result } = (await this.#pool?.admit(packet)) ?? { result: 'unready' };
    const { at } = this.#died ?? {};
    if (at === undefined) return result;
    await this.#bury();
    // Its bytes were in the pool for a moment, and may have been served.
    return at === 'packet-stored' ? result : 'unknown';
  }

  drain(): Promise<Buffer> {
    return Promise.resolve(this.#pool?.take(this.#pool.level().bytes) ?? Buffer.alloc(0));
  }

  hear(): Promise<void> {
    return Promise.resolve(); // its pool is its own
  }

  async forget(collector: string): Promise<void> {
    await this.#store?.forget(collector, this.time() + this.offset);
    await this.#bury();
  }

  isBlocked(): boolean {
    return (this.#pool?.blocks().length ?? 0) > 0;
  }

  #die(at: string): void {
    Reflect.deleteProperty(globalThis, FAILPOINT);
    const folder = mkdtempSync(join(this.root, 'gateway-'));
    const file = join(this.#folder, 'replay-state');
    if (existsSync(file)) linkSync(file, join(folder, 'replay-state'));
    this.#died = { folder, at };
  }

  /** Lets the objects of a process that died come to their end, elsewhere than on its disk. */
  async #bury(pool = this.#pool): Promise<void> {
    if (this.#died === undefined) return;
    this.#folder = this.#died.folder;
    this.#pool = undefined;
    this.#died = undefined;
    await pool?.close();
  }
}
