/**
 * How gateways that serve the same clients count together:
 *
 *   every 50 ms:  what was counted here ->  Exchange  -> what the others counted
 *   a quota:      bytes are needed      ->  Exchange  -> a slice of the client's quota of the day, or a refusal
 *
 * Each gateway decides by itself, at once, from its own windows and what it has heard; only a slice is waited for.
 */

export interface RateCounts {
  readonly key: string;
  /** The lengths of its windows, for a gateway that has not seen the key yet. */
  readonly windowMs: number;
  readonly burstMs: number;
  readonly admitted: number;
  readonly refused: number;
  /** How much longer it is blocked; 0: it is not. */
  readonly blockedMs: number;
}

export interface UsageCounts {
  readonly day: number;
  readonly client: string;
  requests: number;
  bytes: number;
  /** Of the bytes those that no slice of a quota stands for. */
  unleased: number;
}

/** What a gateway counted since its last exchange. */
export interface Counts {
  readonly clients: readonly RateCounts[];
  readonly networks: readonly RateCounts[];
  readonly usage: readonly UsageCounts[];
}

/** What others have sent since the last exchange. */
export interface Heard {
  readonly counts: readonly (Counts & { readonly ageMs: number })[];
  /** All that is known of the current day; only where this gateway was not part of the exchange before. */
  readonly totals?: readonly UsageTotal[];
  /** Clients for whose quota another gateway waits while this one may have some of it left. */
  readonly recalled: readonly ClientDay[];
}

/** How slices are cut, by Redis' scripts and by the head of workers alike. */
export const SLICES = {
  /** Beyond what is needed: at most this, and at most so great a share of what is free. */
  mostAhead: 1_048_576,
  shareAhead: 64,
  /** How long to wait for what others have left of their slices, and how long before they are asked again. */
  recallMs: 1000,
  recallAgainMs: 5000,
  /** How soon somebody who waits looks again. */
  lookAgainMs: 50,
} as const;

export interface ClientDay {
  readonly client: string;
  /** Number of the UTC day since 1970. */
  readonly day: number;
}

/** What all gateways together served to a client in a day, as far as it is known here. */
export interface UsageTotal extends ClientDay {
  readonly requests: number;
  readonly bytes: number;
  /** Bytes of its quota that are taken or leased; at least `bytes`. */
  readonly claimed: number;
}

export interface SliceRequest extends ClientDay {
  /** Bytes that a request waits for. */
  readonly need: number;
  readonly bytesPerDay: number;
}

/** Bytes of a slice that were not given out. */
export interface SliceRest extends ClientDay {
  readonly bytes: number;
}

/** A slice may be larger than what was needed. `wait`: ask again then, others may hold what is missing. */
export type Slice =
  | { readonly result: 'leased'; readonly bytes: number; readonly claimed: number }
  | { readonly result: 'used-up' }
  | { readonly result: 'wait'; readonly ms: number };

/** The exchange cannot be reached: nothing is leased, and counts wait for its return. */
export class ExchangeError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ExchangeError';
  }
}

/** The token of the exchange in use; undefined where a gateway counts alone. */
export const EXCHANGE = Symbol('Exchange');

export interface Exchange {
  /**
   * Tells the others what was counted here, and returns what they counted. What was sent without an answer is sent again
   * by the next call, and counted once.
   *
   * @param take gives what was counted since it was last called; called at most once.
   * @param known gives all that this gateway knows of the days it remembers, for an exchange that lost it.
   * @param today the current day.
   * @throws {ExchangeError}
   */
  exchange(take: () => Counts, known: () => readonly UsageTotal[], today: number): Promise<Heard>;

  /**
   * Leases bytes of a quota, which then are this gateway's to give out. The sum of all slices never exceeds the quota.
   *
   * @throws {ExchangeError}
   */
  lease(request: SliceRequest): Promise<Slice>;

  /** Gives bytes of a slice back that were not given out. @throws {ExchangeError} */
  giveBack(slice: SliceRest): Promise<void>;
}

/** The key of a client's day in a map: no name of a client has a space in it. */
export function dayKey({ client, day }: ClientDay): string {
  return `${client} ${day}`;
}
