/**
 * What each client has used of all gateways together, in Redis. The book itself holds what was last heard of it, and what
 * this gateway has added since: without Redis the quotas are checked against that.
 */
import type { OnApplicationShutdown } from '@nestjs/common';
import type { Clock } from '../../clock.js';
import type { RedisConnection } from '../../redis/redis-connection.js';
import { RedisError } from '../../redis/redis-error.js';
import { UsageBook } from '../usage-book.js';
import type { DayUsage } from '../usage-book.js';
import { usage } from './usage-script.js';
import type { UsageChange, UsageReply } from './usage-script.js';

/** Changes of one call, so that Redis is not kept busy for long. */
const MOST_CHANGES = 500;
/** Changes that need no answer are sent together, after so long. */
const SEND_AFTER_MS = 5;
/** While Redis is away they wait, and it is tried so often. */
const TRY_AGAIN_MS = 500;

export class SharedUsageBook extends UsageBook implements OnApplicationShutdown {
  /** What Redis has not been told yet. */
  readonly #pending = new Map<string, DayUsage>();
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly redis: RedisConnection,
    clock: Clock,
  ) {
    super(clock);
    redis.whenUp(() => void this.#remind());
  }

  override restore(day: number, clients: Readonly<Record<string, DayUsage>>): void {
    super.restore(day, clients);
    void this.#remind();
  }

  override countRequest(client: string): void {
    super.countRequest(client);
    this.#sendLater(client, { requests: 1, bytes: 0 });
  }

  override reserve(
    client: string,
    bytes: number,
    bytesPerDay: number | undefined,
  ): boolean | Promise<boolean> {
    if (bytesPerDay !== undefined && this.redis.fault === undefined) {
      return this.#reserveTogether(client, bytes, bytesPerDay);
    }
    return this.#reserveAlone(client, bytes, bytesPerDay);
  }

  override release(client: string, bytes: number, day: number): void {
    if (day !== this.today()) return;
    super.release(client, bytes, day);
    this.#sendLater(client, { requests: 0, bytes: -bytes });
  }

  override async refresh(client: string): Promise<void> {
    await this.#send([client]);
  }

  async onApplicationShutdown(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#send([]);
  }

  async #reserveTogether(client: string, bytes: number, bytesPerDay: number): Promise<boolean> {
    const change = { client, requests: 0, bytes, bytesPerDay };
    const [reply] = (await this.#ask([change])) ?? [];
    return reply === undefined ? this.#reserveAlone(client, bytes, bytesPerDay) : reply[1] === 1;
  }

  #reserveAlone(client: string, bytes: number, bytesPerDay: number | undefined): boolean {
    const fits = this.add(client, bytes, bytesPerDay);
    if (fits) this.#sendLater(client, { requests: 0, bytes });
    return fits;
  }

  #sendLater(client: string, { requests, bytes }: DayUsage): void {
    const pending = this.#pending.get(client) ?? { requests: 0, bytes: 0 };
    pending.requests += requests;
    pending.bytes += bytes;
    this.#pending.set(client, pending);
    this.#timer ??= setTimeout(
      () => void this.#send([]),
      this.redis.fault === undefined ? SEND_AFTER_MS : TRY_AGAIN_MS,
    ).unref();
  }

  /** Sends what is pending, and asks about `clients` as well. */
  async #send(clients: readonly string[]): Promise<void> {
    this.#timer = undefined;
    const changes = [...new Set([...this.#pending.keys(), ...clients])].map((client) => ({
      client,
      ...(this.#pending.get(client) ?? { requests: 0, bytes: 0 }),
    }));
    if (changes.length === 0) return;
    this.#pending.clear();
    const replies = await this.#ask(changes);
    // Not sent, so it can be sent later; what was sent and not answered is not sent again, and may be missing.
    if (replies === undefined) for (const change of changes) this.#sendLater(change.client, change);
  }

  /** Tells Redis what it last told of each client: it may come back empty, or behind. */
  async #remind(): Promise<void> {
    const clients = Object.keys(this.snapshot().clients);
    const changes = clients.map((client) => ({
      client,
      requests: 0,
      bytes: 0,
      known: this.#heardOf(client),
    }));
    for (let i = 0; i < changes.length; i += MOST_CHANGES) {
      await this.#ask(changes.slice(i, i + MOST_CHANGES));
    }
  }

  /** The answers; none when the call was not sent. */
  async #ask(changes: readonly UsageChange[]): Promise<readonly UsageReply[] | undefined> {
    const day = this.today();
    try {
      const replies = await this.redis.runScript(usage, { day, changes });
      changes.forEach(({ client }, i) => this.#learn(client, replies[i]));
      return replies;
    } catch (error) {
      if (!(error instanceof RedisError)) throw error;
      return error.undone ? undefined : [];
    }
  }

  #learn(client: string, reply: UsageReply | undefined): void {
    if (reply === undefined) return;
    const [day, , requests, bytes] = reply;
    const pending = this.#pending.get(client) ?? { requests: 0, bytes: 0 };
    if (day === this.today()) {
      this.set(client, { requests: requests + pending.requests, bytes: bytes + pending.bytes });
    }
  }

  /** What Redis last said of a client, by this book. */
  #heardOf(client: string): DayUsage {
    const { requests, bytes } = this.of(client);
    const pending = this.#pending.get(client) ?? { requests: 0, bytes: 0 };
    return {
      requests: Math.max(0, requests - pending.requests),
      bytes: Math.max(0, bytes - pending.bytes),
    };
  }
}
