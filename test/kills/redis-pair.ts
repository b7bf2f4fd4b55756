/** Two Redis servers behind one address, of which one is the primary and the other follows: killed, promoted, gone back to. */
import { randomInt } from 'node:crypto';
import { RedisServer } from '../support/redis-server.js';
import { until } from '../support/until.js';
import { TcpSwitch } from '../pool/tcp-switch.js';

/** What a server keeps on its disk: nothing, as docs/scaling.md demands, or what no gateway should rely on. */
const PERSISTENCE = [[], ['--appendonly', 'yes'], ['--save', '1 1']] as const;

export class RedisPair {
  private constructor(
    private primary: RedisServer,
    private replica: RedisServer,
    private readonly address: TcpSwitch,
  ) {}

  static async start(): Promise<RedisPair> {
    const primary = await RedisServer.start(...(PERSISTENCE[randomInt(3)] ?? []));
    const replica = await RedisServer.start(...(PERSISTENCE[randomInt(3)] ?? []));
    const pair = new RedisPair(primary, replica, await TcpSwitch.open(primary.port));
    await pair.#follow();
    return pair;
  }

  /** The one that leads to the primary. */
  get url(): string {
    return `redis://127.0.0.1:${this.address.port}`;
  }

  /** The primary is killed and comes back with what it has on its disk. */
  async restart(): Promise<void> {
    await this.primary.kill();
    await this.primary.restart();
  }

  /** The primary is killed, and the replica promoted with what it has got so far. */
  async failOver(): Promise<void> {
    await this.primary.kill();
    await this.#promote();
    await this.primary.restart();
    this.#swap();
    await this.#follow();
  }

  /** As after a network split: the replica is promoted while the primary lives on, unreachable; and then all go back to that. */
  async failOverAndBack(isEnough: () => boolean): Promise<void> {
    await this.#promote();
    await until('it has served from the other one', isEnough);
    this.address.target = this.primary.port;
    this.address.disconnect();
    await this.#follow();
  }

  async close(): Promise<void> {
    this.address.close();
    await Promise.all([this.primary.kill(), this.replica.kill()]);
  }

  async #promote(): Promise<void> {
    await this.replica.command('REPLICAOF', 'NO', 'ONE');
    this.address.target = this.replica.port;
    this.address.disconnect();
  }

  #swap(): void {
    [this.primary, this.replica] = [this.replica, this.primary];
  }

  /** The replica has all of the primary once, and follows. */
  async #follow(): Promise<void> {
    await this.replica.command('REPLICAOF', '127.0.0.1', `${this.primary.port}`);
    await until('the replica follows', async () =>
      String(await this.replica.command('INFO', 'replication')).includes('master_link_status:up'),
    );
  }
}
