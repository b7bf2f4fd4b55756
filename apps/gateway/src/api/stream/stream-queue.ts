/**
 * Lets streams take turns, so that each client gets a chunk before any gets a second one, and leaves the pool usable for others:
 *
 *   stream -> enqueue() -> [ turn of a, turn of b ] -> chunk of at most 16 KiB -> back to the end of the queue
 *                            | nothing to spare: look again shortly
 *
 * While another client asks for single answers and the pool is being filled, streams leave one large answer in it, or what is waited for;
 * one that has waited for long takes a little all the same, so that it does not end.
 */
import { Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { Clock } from '../../clock.js';
import { EntropyService } from '../../pool/entropy.service.js';
import { isFull } from '../../pool/pool.js';
import { getOrMake } from '../../maps.js';
import type { ApiError } from '../../problem/api-error.js';
import { RecentClients } from '../draw/recent-clients.js';

/** The most that a stream takes in one turn. */
export const CHUNK_BYTES = 16_384;
const LOOK_EVERY_MS = 20;
/** An empty pool is waited for if something came in within so long. */
const LIVE_FEED_MS = 2000;
/** A pool that got nothing for this long will not get what is missing. */
const DEAD_FEED_MS = 60_000;
/** Others are there while one of them asked within this time. */
const OTHERS_MS = 86_400_000;
/** What streams leave for others is what they may ask for at once, as long as the pool gets that within this many seconds. */
const RESERVE_BYTES = 65_536;
const RESERVE_SECS = 2;
/** A stream that has waited so long takes so much of what is left for others. */
const STARVING_MS = 5000;
const CRUMB_BYTES = 1024;

/** A stream that waits for its next chunk. */
export interface Turn {
  readonly client: string;
  /** The most bytes it can take now. */
  readonly bytes: number;
  readonly deliver: (chunk: Buffer) => void;
}

@Injectable()
export class StreamQueue implements OnApplicationShutdown {
  /** Those of each client, and since when they wait; first of the one whose turn it is. */
  readonly #lines = new Map<string, Map<Turn, number>>();
  #timer: NodeJS.Timeout | undefined;
  #serving = false;
  #fetching: { readonly turn: Turn; readonly done: Promise<boolean> } | undefined;

  constructor(
    private readonly entropy: EntropyService,
    private readonly recent: RecentClients,
    private readonly clock: Clock,
  ) {}

  /** @throws {ApiError} `too-little-entropy` when the pool has not got `bytes`, and the rest will not come. */
  refuseShortage(bytes: number): void {
    const level = this.entropy.level();
    if (level.bytes >= bytes || isFull(level)) return;
    const { idleMs = Infinity } = this.entropy.throughput();
    const patience = level.bytes === 0 ? LIVE_FEED_MS : DEAD_FEED_MS;
    if (idleMs > patience) throw this.entropy.shortage(bytes);
  }

  shortage(bytes: number): ApiError {
    return this.entropy.shortage(bytes);
  }

  /** Queues a turn; `deliver` is called once, with one byte or more, unless the turn is cancelled. */
  enqueue(turn: Turn): void {
    getOrMake(this.#lines, turn.client, () => new Map()).set(turn, this.clock.monotonic());
    void this.#serve();
  }

  /**
   * Takes a turn out of the queue. A chunk for it may be on its way from a shared pool, and is delivered all the same: it is
   * taken, and has to be charged. Once this resolves none can come.
   */
  async cancel(turn: Turn): Promise<void> {
    this.#leave(turn);
    if (this.#fetching?.turn === turn) await this.#fetching.done;
  }

  onApplicationShutdown(): void {
    clearTimeout(this.#timer);
    this.#lines.clear();
  }

  /** Serves turns in their order as long as there is something for one of them. */
  async #serve(): Promise<void> {
    if (this.#serving) return;
    this.#serving = true;
    clearTimeout(this.#timer);
    while (await this.#serveRound());
    this.#serving = false;
    if (this.#lines.size > 0) this.#timer = setTimeout(() => void this.#serve(), LOOK_EVERY_MS);
  }

  /** Gives every client that waits one chunk, if it can; whether one got one. */
  async #serveRound(): Promise<boolean> {
    let served = false;
    for (const client of [...this.#lines.keys()]) {
      const [first] = this.#lines.get(client) ?? [];
      if (first === undefined) continue; // cancelled while others were served
      this.#fetching = { turn: first[0], done: this.#serveTurn(...first) };
      if (await this.#fetching.done) served = true;
    }
    this.#fetching = undefined;
    return served;
  }

  async #serveTurn(turn: Turn, since: number): Promise<boolean> {
    const chunk = await this.#chunkFor(turn, since);
    if (chunk === undefined) return false;
    this.#leave(turn);
    this.#passTurn(turn.client);
    turn.deliver(chunk);
    return true;
  }

  #leave(turn: Turn): void {
    const line = this.#lines.get(turn.client);
    if (line?.delete(turn) === true && line.size === 0) this.#lines.delete(turn.client);
  }

  #passTurn(client: string): void {
    const line = this.#lines.get(client);
    if (line === undefined) return;
    this.#lines.delete(client);
    this.#lines.set(client, line);
  }

  async #chunkFor({ client, bytes }: Turn, since: number): Promise<Buffer | undefined> {
    const { reachable } = this.entropy.level();
    const crumb = this.clock.monotonic() - since < STARVING_MS ? 0 : Math.min(CRUMB_BYTES, reachable);
    const spare = Math.max(reachable - this.#reserveFor(client), crumb);
    const count = Math.min(bytes, CHUNK_BYTES, spare);
    return count < 1 ? undefined : this.entropy.tryTake(count, client);
  }

  /** Bytes that a stream of `client` leaves in the pool; none when it is alone, or when nothing comes in to wait for. */
  #reserveFor(client: string): number {
    if (this.recent.othersIdleMs(client) > OTHERS_MS) return 0;
    const { in: bytesPerSecond, idleMs = Infinity } = this.entropy.throughput();
    const soon = idleMs > RESERVE_SECS * 1000 ? 0 : Math.floor(bytesPerSecond * RESERVE_SECS);
    const awaited = this.recent.awaited();
    const waited = awaited === undefined || awaited.client === client ? 0 : awaited.bytes;
    return Math.max(waited, Math.min(RESERVE_BYTES, soon));
  }
}
