/**
 * Lets requests wait for entropy instead of being refused at once (`Prefer: wait`, RFC 7240), first come first served:
 *
 *   too little -> room in the queue? -> [ first, second, ... ] -> enough for the first: try again -> answer
 *                    | none: 503             | 30 s at most, its client is gone, its key is revoked, the gateway stops
 */
import { Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Client } from '../../clients/client.js';
import { KeyWatch } from '../../gate/key-watch.js';
import { unauthorized } from '../../gate/unauthorized.js';
import { EntropyService } from '../../pool/entropy.service.js';
import { ApiError } from '../../problem/api-error.js';
import { noteApplied, preferredWait } from '../request/prefer.js';
import { RecentClients } from './recent-clients.js';

/** Requests that wait at a time, in all and of one client; each holds a connection. */
const MAX_WAITERS = 1000;
const MAX_OF_CLIENT = 100;
type Take<T> = (isWanted: () => boolean) => Promise<T>;

const LOOK_EVERY_MS = 20;

interface Waiter {
  readonly client: Client;
  /** The bytes that it can need. */
  readonly need: number;
  /** Tries to answer; a shortage leaves it where it is. */
  readonly attempt: () => Promise<void>;
  readonly refuse: (error: Error) => void;
}

@Injectable()
export class Waiters implements BeforeApplicationShutdown {
  readonly #queue = new Set<Waiter>();
  #timer: NodeJS.Timeout | undefined;
  #stopping = false;

  constructor(
    private readonly entropy: EntropyService,
    private readonly recent: RecentClients,
    private readonly keys: KeyWatch,
  ) {}

  get waiting(): number {
    return this.#queue.size;
  }

  /** Says in an answer that was there at once that the client would have been let wait. */
  noteHonored(request: FastifyRequest, reply: FastifyReply): void {
    if (request.headers['prefer'] === undefined) return; // nearly always
    const secs = preferredWait(request);
    if (secs !== undefined) noteApplied(reply, `wait=${secs}`);
  }

  /**
   * What `take` gives; while its client prefers to wait, it is called again whenever there may be enough.
   *
   * @param need bytes that it can need.
   * @throws {ApiError} what `take` throws last, which takes nothing then; `unauthorized` when the key was revoked meanwhile,
   *   `unavailable` when the gateway stops.
   */
  async serve<T>(request: FastifyRequest, reply: FastifyReply, need: number, take: Take<T>): Promise<T> {
    try {
      const taken = await take(() => !reply.raw.destroyed);
      this.noteHonored(request, reply);
      return taken;
    } catch (error) {
      const secs = preferredWait(request);
      const { client } = request;
      if (!isShortage(error) || secs === undefined || client === undefined) throw error;
      if (need > this.entropy.level().capacity || !this.#hasRoomFor(client)) throw error;
      noteApplied(reply, `wait=${secs}`);
      return await this.#wait(request, reply, { client, need, secs, take });
    }
  }

  beforeApplicationShutdown(): void {
    this.#stopping = true;
    clearTimeout(this.#timer);
    const stops = new ApiError('unavailable', 'This gateway is stopping.', { retryAfterSecs: 1 });
    for (const waiter of this.#queue) waiter.refuse(stops);
  }

  #hasRoomFor({ name }: Client): boolean {
    if (this.#stopping || this.#queue.size >= MAX_WAITERS) return false;
    let same = 0;
    for (const { client } of this.#queue) if (client.name === name) same += 1;
    return same < MAX_OF_CLIENT;
  }

  #wait<T>(
    request: FastifyRequest,
    reply: FastifyReply,
    { client, need, secs, take }: { client: Client; need: number; secs: number; take: Take<T> },
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const shortage = () => settle(() => reject(this.entropy.shortage(need)));
      const waiter: Waiter = {
        client,
        need,
        attempt: async () => {
          const taken = await take(() => this.#queue.has(waiter));
          settle(() => resolve(taken));
        },
        refuse: (error) => settle(() => reject(error)),
      };
      const timer = setTimeout(shortage, secs * 1000);
      const forget = this.keys.watch(client, () => waiter.refuse(unauthorized(request)));
      reply.raw.once('close', shortage); // its client is gone: nobody reads what it is refused with
      const settle = (outcome: () => void): void => {
        clearTimeout(timer);
        forget();
        reply.raw.off('close', shortage);
        this.#queue.delete(waiter);
        outcome();
      };
      this.#queue.add(waiter);
      this.#look();
    });
  }

  #look(): void {
    this.#timer ??= setTimeout(() => void this.#serve(), LOOK_EVERY_MS);
  }

  /** Serves those at the head of the queue as long as there is enough for them. */
  async #serve(): Promise<void> {
    for (const waiter of this.#queue) {
      this.recent.note(waiter.client.name); // streams leave something for single answers
      if (this.entropy.level().reachable < waiter.need) break;
      try {
        await waiter.attempt();
      } catch (error) {
        if (isShortage(error)) break;
        waiter.refuse(error instanceof Error ? error : new Error(String(error)));
      }
    }
    this.#timer = undefined;
    if (this.#queue.size > 0 && !this.#stopping) this.#look();
  }
}

function isShortage(error: unknown): boolean {
  return error instanceof ApiError && error.code === 'too-little-entropy';
}
