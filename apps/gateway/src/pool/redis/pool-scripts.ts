/**
 * Runs the scripts of the shared pool with what all of them need to know, and learns from their answers: which epoch it is,
 * how high the floor is, and whether this gateway's clock agrees with that of Redis.
 */
import { errorCode } from '#libs/files';
import type { Clock } from '../../clock.js';
import type { RedisConnection } from '../../redis/redis-connection.js';
import { RedisError } from '../../redis/redis-error.js';
import type { RedisScript } from '../../redis/redis-script.js';
import type { PoolMemory } from './pool-memory.js';
import type { CommonArguments, Moved, PoolReply } from './script-prelude.js';

/** An epoch that changes again and again within one call would be a Redis that fails over again and again. */
const MAX_ATTEMPTS = 4;

/** What of a connection to Redis the pool uses. */
export type PoolRedis = Pick<RedisConnection, 'fault' | 'membership' | 'rejoin' | 'runScript'>;

/** What a script is given beside what this file knows. */
export type OwnArguments = Omit<CommonArguments, 'membership' | 'epoch' | 'newest' | 'seen' | 'skewMs'>;

export class PoolScripts {
  /** Nothing exposed before it is taken, Unix ms by Redis' clock. */
  floor = 0;
  /** The latest timestamp that was taken, Unix ms. */
  newest = 0;
  /** Why this gateway's clock cannot be trusted; undefined while it agrees with Redis'. */
  clockFault: string | undefined;
  /** Redis' clock in its last answer, Unix ms. */
  #seen = 0;
  readonly #redis: PoolRedis;
  readonly #clock: Clock;
  readonly #memory: PoolMemory;
  readonly #skewMs: number;

  constructor(redis: PoolRedis, clock: Clock, memory: PoolMemory, skewMs: number) {
    this.#redis = redis;
    this.#clock = clock;
    this.#memory = memory;
    this.#skewMs = skewMs;
  }

  /**
   * Runs a script, again where it first has to remember a new epoch or to look for the pool elsewhere: nothing was done then.
   *
   * @param learn gets every answer, also those after which the script is run again.
   * @throws {RedisError}
   */
  async run<A extends CommonArguments, R, D>(
    script: RedisScript<A, PoolReply<R, D> | Moved>,
    argumentsOf: (common: Omit<CommonArguments, keyof OwnArguments>) => A,
    learn: (reply: PoolReply<R, D>) => void,
  ): Promise<PoolReply<R, D>> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const { membership } = this.#redis;
      const sentAt = this.#clock.now();
      const { epoch, newest } = this.#memory.of(membership.space);
      const args = argumentsOf({ membership, epoch, newest, seen: this.#seen, skewMs: this.#skewMs });
      const reply = await this.#redis.runScript(script, args);
      if (reply.length === 1) {
        await this.#move(membership.space);
        continue;
      }
      this.#compareClocks(reply[9], sentAt);
      this.#seen = reply[9];
      this.floor = reply[10];
      this.newest = reply[11];
      learn(reply);
      this.#remember(membership.space, reply);
      if (!isText(reply[0], 'epoch')) return reply;
    }
    throw new RedisError('offline', 'Redis is in another epoch each time');
  }

  close(): void {
    this.#memory.save();
  }

  async #move(from: string): Promise<void> {
    await this.#redis.rejoin();
    this.#seen = 0; // it has reported nothing there
    this.#memory.move(from, this.#redis.membership.space);
  }

  #remember(space: string, reply: PoolReply<unknown, unknown>): void {
    const epoch = { number: reply[7], fence: reply[8].toString() };
    try {
      this.#memory.learn(space, epoch, reply[11]);
    } catch (error) {
      throw new RedisError('offline', `the epoch of the shared pool cannot be written (${errorCode(error)})`);
    }
  }

  /** @param theirs Redis' clock, read some time after `sentAt`. */
  #compareClocks(theirs: number, sentAt: number): void {
    const [ahead, behind] = [sentAt - theirs, theirs - this.#clock.now()];
    const offMs = Math.max(ahead, behind);
    this.clockFault =
      offMs <= this.#skewMs
        ? undefined
        : `this gateway's clock is ${Math.round(offMs / 1000)} s ${ahead > behind ? 'ahead of' : 'behind'} Redis' clock`;
  }
}

function isText(result: unknown, text: string): boolean {
  return Buffer.isBuffer(result) && result.toString() === text;
}
