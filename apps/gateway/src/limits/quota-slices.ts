/**
 * Slices of quotas that this gateway leased from the exchange: bytes that are its own to give out.
 *
 *   fetch() -> exchange -> slice -> take(), put() -> what is left goes back when another gateway needs it, or at the end
 *
 * The exchange leases no more than the quota, so however many gateways give out their slices, nobody exceeds it. A gateway
 * that is killed takes with it what it had leased.
 */
import { setTimeout } from 'node:timers/promises';
import { unavailable } from '../problem/api-error.js';
import { getOrMake } from '../maps.js';
import { dayKey, ExchangeError } from './exchange.js';
import type { ClientDay, Exchange, SliceRequest } from './exchange.js';

interface Held extends ClientDay {
  /** Leased and not given out; below 0 where more was taken than set aside. */
  bytes: number;
  /** What all gateways together have taken or leased of this quota, as last heard. */
  claimed: number;
}

export class QuotaSlices {
  readonly #held = new Map<string, Held>();
  readonly #fetching = new Map<string, Promise<boolean>>();

  constructor(private readonly exchange: Exchange) {}

  /** Takes bytes out of what is leased; false when there are fewer. */
  take(client: string, bytes: number, day: number): boolean {
    const held = this.#held.get(dayKey({ client, day }));
    if (held === undefined || held.bytes < bytes) return false;
    held.bytes -= bytes;
    return true;
  }

  /** Puts bytes back that were taken out of a slice and not given out. */
  put(client: string, bytes: number, day: number): void {
    this.#heldOf({ client, day }).bytes += bytes;
  }

  /**
   * Leases what is missing for `need`, one slice of a client at a time.
   *
   * @returns whether it is worth looking again; false: the quota is used up.
   * @throws {ApiError} `unavailable` when the exchange cannot be reached.
   */
  async fetch(request: SliceRequest): Promise<boolean> {
    const key = dayKey(request);
    const underWay = this.#fetching.get(key);
    if (underWay !== undefined) {
      await underWay;
      return true;
    }
    const fetching = this.#fetch(request).finally(() => this.#fetching.delete(key));
    this.#fetching.set(key, fetching);
    return fetching;
  }

  /** What is known of quotas that were claimed, by client and day. */
  claimed(client: string, day: number): number {
    return this.#held.get(dayKey({ client, day }))?.claimed ?? 0;
  }

  /** Bytes that are leased and not given out. */
  left(client: string, day: number): number {
    return this.#held.get(dayKey({ client, day }))?.bytes ?? 0;
  }

  /**
   * Gives back what is left of slices that others wait for, and of those of days that are over.
   *
   * @throws {ExchangeError}
   */
  async giveBack(recalled: readonly ClientDay[], today: number): Promise<void> {
    const keys = new Set(recalled.map(dayKey));
    for (const [key, held] of this.#held) {
      if (held.day === today && !keys.has(key)) continue;
      await this.#giveBack(held);
      if (held.day !== today) this.#held.delete(key);
    }
  }

  async close(): Promise<void> {
    for (const held of this.#held.values()) await this.#giveBack(held);
  }

  async #fetch(request: SliceRequest): Promise<boolean> {
    const held = this.#heldOf(request);
    try {
      const slice = await this.exchange.lease({ ...request, need: request.need - held.bytes });
      switch (slice.result) {
        case 'leased':
          held.bytes += slice.bytes;
          held.claimed = slice.claimed;
          return true;
        case 'wait':
          await setTimeout(slice.ms);
          return true;
        case 'used-up':
          return false;
      }
    } catch (error) {
      if (!(error instanceof ExchangeError)) throw error;
      throw unavailable('The quota of this API key cannot be checked now; try again shortly.');
    }
  }

  async #giveBack(held: Held): Promise<void> {
    const { client, day, bytes } = held;
    if (bytes <= 0) return;
    held.bytes = 0; // first: if the answer is lost, the bytes are, and nobody gets them twice
    await this.exchange.giveBack({ client, day, bytes });
  }

  #heldOf({ client, day }: ClientDay): Held {
    const nothing = { client, day, bytes: 0, claimed: 0 };
    return getOrMake(this.#held, dayKey(nothing), () => nothing);
  }
}
