/** A gateway that shares its pool: the real pool in a real Redis, and what it remembers of it on a disk of its own. */
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Packet } from '#libs/crypto';
import { forgetPosition } from '../../apps/gateway/src/pool/redis/position-scripts.js';
import { PoolMemory } from '../../apps/gateway/src/pool/redis/pool-memory.js';
import { RedisPool } from '../../apps/gateway/src/pool/redis/redis-pool.js';
import { CAPACITY, ModelClock } from './embedded-gateway.js';
import { PIECE_BYTES } from './model-collector.js';
import type { ModelRedis } from './model-redis.js';
import type { ModelGateway } from './network.js';
import { WINDOW } from './window.js';

export class SharedGateway implements ModelGateway {
  offset = 0;
  #file: string;
  #pool: RedisPool | undefined;
  #life = { isOver: false };

  constructor(
    private readonly root: string,
    private readonly time: () => number,
    private readonly redis: ModelRedis,
  ) {
    this.#file = join(mkdtempSync(join(root, 'shared-')), 'shared-pool');
  }

  get up(): boolean {
    return this.#pool !== undefined;
  }

  async start(): Promise<void> {
    const clock = new ModelClock(this.time, () => this.offset);
    const buffer = { capacity: CAPACITY, overflow: 'discard', ttlMs: 0 } as const;
    const memory = new PoolMemory(this.#file);
    const life = { isOver: false };
    this.#life = life;
    const redis = this.redis.connection(() => life.isOver);
    this.#pool = await RedisPool.open({ buffer, window: WINDOW, memory }, clock, redis, () => undefined);
  }

  async stop(): Promise<void> {
    const pool = this.#pool;
    this.#pool = undefined;
    await pool?.close();
  }

  /** The disk is what counts: it has the epoch, and not the latest timestamps. */
  async crash(): Promise<void> {
    const file = join(mkdtempSync(join(this.root, 'shared-')), 'shared-pool');
    if (existsSync(this.#file)) copyFileSync(this.#file, file);
    this.#life.isOver = true; // it says nothing more to anybody
    await this.stop();
    this.#file = file;
  }

  spare(): void {
    // It crashes at once or not at all.
  }

  keepState(): void {
    // A memory of another moment would be one of a lower epoch: it is never put back.
  }

  loseState(): void {
    rmSync(this.#file, { force: true });
  }

  async admit(packet: Packet): Promise<string> {
    return (await this.#pool?.admit(packet))?.result ?? 'unready';
  }

  async drain(): Promise<Buffer> {
    const pool = this.#pool;
    const taken: Buffer[] = [];
    while (pool !== undefined && (await pool.prepare(PIECE_BYTES))) {
      const piece = pool.take(PIECE_BYTES);
      if (piece !== undefined) taken.push(piece);
    }
    return Buffer.concat(taken);
  }

  async hear(): Promise<void> {
    await this.#pool?.report();
  }

  async forget(collector: string): Promise<void> {
    await this.redis.connection(() => false).runScript(forgetPosition, { collector });
  }

  isBlocked(): boolean {
    return (this.#pool?.blocks().length ?? 0) > 0 || this.#pool?.fault() !== undefined;
  }
}
