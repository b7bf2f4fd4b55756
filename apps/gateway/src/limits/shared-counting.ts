/** Counts together with the other gateways: every 50 ms what was counted here goes out, and what they counted comes in. */
import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { ExchangeError } from './exchange.js';
import type { Counts, Exchange, UsageTotal } from './exchange.js';
import type { QuotaSlices } from './quota-slices.js';
import type { RateLimiter } from './rate-limiter.js';
import type { UsageBook } from './usage-book.js';

const EXCHANGE_EVERY_MS = 50;

interface Counters {
  readonly clients: RateLimiter;
  readonly networks: RateLimiter;
  readonly usage: UsageBook;
  readonly slices: QuotaSlices;
}

export class SharedCounting implements OnModuleInit, OnApplicationShutdown {
  #timer: NodeJS.Timeout | undefined;
  #exchanging: Promise<void> | undefined;

  constructor(
    private readonly exchange: Exchange,
    private readonly counters: Counters,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.#tick();
    this.#timer = setInterval(() => void this.#tick(), EXCHANGE_EVERY_MS).unref();
  }

  /** The last counts go out, and what is left of slices goes back. */
  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.#timer);
    await this.#exchanging;
    await this.#reaching(async () => {
      await this.#exchangeOnce();
      await this.counters.slices.close();
    });
  }

  /** One exchange at a time. */
  async #tick(): Promise<void> {
    if (this.#exchanging !== undefined) return;
    this.#exchanging = this.#reaching(() => this.#exchangeOnce());
    await this.#exchanging;
    this.#exchanging = undefined;
  }

  /** While the exchange is away each gateway counts alone, and what it counted waits. */
  async #reaching(step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      if (!(error instanceof ExchangeError)) throw error;
    }
  }

  async #exchangeOnce(): Promise<void> {
    const { clients, networks, usage, slices } = this.counters;
    const today = usage.today();
    const heard = await this.exchange.exchange(
      () => this.#takeUnsent(),
      () => this.#known(),
      today,
    );
    for (const total of heard.totals ?? []) usage.learn(total);
    for (const counts of heard.counts) {
      for (const count of counts.clients) clients.hear(count, counts.ageMs);
      for (const count of counts.networks) networks.hear(count, counts.ageMs);
      for (const count of counts.usage) usage.hear(count);
    }
    await slices.giveBack(heard.recalled, today);
  }

  #takeUnsent(): Counts {
    const { clients, networks, usage } = this.counters;
    return {
      clients: clients.takeUnsent(),
      networks: networks.takeUnsent(),
      usage: usage.takeUnsent(),
    };
  }

  #known(): UsageTotal[] {
    const { usage, slices } = this.counters;
    return usage.known().map((total) => {
      const { client, day, bytes } = total;
      const claimed = Math.max(bytes + slices.left(client, day), slices.claimed(client, day));
      return { ...total, claimed };
    });
  }
}
