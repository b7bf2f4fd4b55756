/** Two real Redis servers, one of them the primary, that fail over and back and lose what they know. Their time is the model's. */
import { hash } from 'node:crypto';
import type { PoolRedis } from '../../apps/gateway/src/pool/redis/pool-scripts.js';
import { RedisConnection } from '../../apps/gateway/src/redis/redis-connection.js';
import { RedisError } from '../../apps/gateway/src/redis/redis-error.js';
import type { RedisScript } from '../../apps/gateway/src/redis/redis-script.js';
import { RedisServer, silent, testDeployment } from '../support/redis-server.js';

const TIME = "redis.call('TIME')";
const MODEL_TIME = "redis.call('MGET', 'model:seconds', 'model:microseconds')";

/** What a replica has of its primary at one moment. */
type Copy = readonly (readonly [key: string, value: Buffer])[];

/** A connection whose scripts ask two keys for the time, and all else of a real server. */
class Server {
  readonly #patched = new Map<string, { source: string; sha1: string }>();

  constructor(
    readonly server: RedisServer,
    readonly connection: RedisConnection,
  ) {}

  static async start(): Promise<Server> {
    const server = await RedisServer.start('--enable-debug-command', 'yes');
    return new Server(server, await RedisConnection.open(server.url, silent, testDeployment));
  }

  runScript<A, R>(script: RedisScript<A, R>, args: A): Promise<R> {
    let patched = this.#patched.get(script.sha1);
    if (patched === undefined) {
      const source = script.source.replaceAll(TIME, MODEL_TIME);
      patched = { source, sha1: hash('sha1', source) };
      this.#patched.set(script.sha1, patched);
    }
    return this.connection.runScript({ ...script, ...patched }, args);
  }

  async setTime(ms: number): Promise<void> {
    const seconds = Math.floor(ms / 1000);
    const micro = (ms - seconds * 1000) * 1000;
    await this.connection.run((client) =>
      client.mSet(['model:seconds', `${seconds}`, 'model:microseconds', `${micro}`]),
    );
  }

  async copy(): Promise<Copy> {
    return this.connection.run(async (client) => {
      const keys = (await client.keys('{qrng}:*')).map(String);
      return Promise.all(keys.map(async (key) => [key, await client.dump(key)] as const));
    });
  }

  /** Holds this and nothing else, and is a primary of its own from now on. */
  async become(copy: Copy): Promise<void> {
    await this.connection.run((client) => client.sendCommand(['DEBUG', 'CHANGE-REPL-ID']));
    await this.hold(copy);
  }

  /** Holds this and nothing else, and takes itself for who it was. */
  async hold(copy: Copy): Promise<void> {
    await this.connection.run(async (client) => {
      await client.sendCommand(['FLUSHALL']);
      for (const [key, value] of copy) await client.sendCommand(['RESTORE', key, '0', value]);
    });
    await this.connection.rejoin();
  }
}

export class ModelRedis {
  /** ms that the primary's clock is ahead. */
  offset = 0;
  #primary: Server;
  #replica: Server;
  #copied: Copy = [];
  /** The primary as it was when a snapshot of its machine was taken. */
  #photograph: Copy | undefined;
  #time = NaN;

  private constructor(
    one: Server,
    two: Server,
    private readonly now: () => number,
  ) {
    this.#primary = one;
    this.#replica = two;
  }

  static async start(): Promise<{ servers: readonly [Server, Server]; close: () => Promise<void> }> {
    const servers = [await Server.start(), await Server.start()] as const;
    const close = async (): Promise<void> => {
      for (const { connection, server } of servers) {
        connection.close();
        await server.kill();
      }
    };
    return { servers, close };
  }

  /** Empty servers, for a new story. */
  static async begin([one, two]: readonly [Server, Server], now: () => number): Promise<ModelRedis> {
    await one.become([]);
    await two.become([]);
    return new ModelRedis(one, two, now);
  }

  /** The replica has followed so far; what comes later it may never hear of. */
  async replicate(): Promise<void> {
    this.#copied = await this.#primary.copy();
  }

  /** The replica takes over, with what it has. */
  async failOver(): Promise<void> {
    [this.#primary, this.#replica] = [this.#replica, this.#primary];
    this.#photograph = undefined;
    await this.#primary.become(this.#copied);
    this.#time = NaN;
  }

  /** The other server is the primary again, which never restarted and knows nothing of what happened meanwhile. */
  async failBack(): Promise<void> {
    [this.#primary, this.#replica] = [this.#replica, this.#primary];
    this.#photograph = undefined;
    await this.#primary.connection.rejoin();
    this.#time = NaN;
  }

  /** Takes a snapshot of the machine that the primary runs on. */
  async photograph(): Promise<void> {
    this.#photograph = await this.#primary.copy();
  }

  /** The primary's machine is restored from the snapshot: nothing in it says so. */
  async restore(): Promise<void> {
    if (this.#photograph !== undefined) await this.#primary.hold(this.#photograph);
    this.#time = NaN;
  }

  /** The primary restarts with nothing. */
  async lose(): Promise<void> {
    await this.#primary.become([]);
    this.#time = NaN;
  }

  /** What a gateway talks to: whichever server is the primary. `isDown` is whether the gateway is gone. */
  connection(isDown: () => boolean): PoolRedis {
    const primary = (): Server => this.#primary;
    return {
      get fault() {
        return isDown() ? 'is out of reach' : undefined;
      },
      get membership() {
        return primary().connection.membership;
      },
      rejoin: () => primary().connection.rejoin(),
      runScript: async (script, args) => {
        if (isDown()) throw new RedisError('offline', 'Redis is out of reach');
        await this.#setTime();
        return primary().runScript(script, args);
      },
    };
  }

  async #setTime(): Promise<void> {
    const time = this.now() + this.offset;
    if (time === this.#time) return;
    this.#time = time;
    await this.#primary.setTime(time);
  }
}

export type ModelServers = Awaited<ReturnType<typeof ModelRedis.start>>;
