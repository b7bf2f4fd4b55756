/**
 * Lets requests wait for entropy instead of being refused at once (`Prefer: wait`, RFC 7240). Clients take turns, one answer each; of one
 * client it is first come first served:
 *
 *   too little -> room in the queue? -> [ first of a, first of b, second of a, ... ] -> enough for the first: try again -> answer
 *                    | none: 503             | 30 s at most, its client is gone, its key is revoked, the gateway stops
 */
import { Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Client } from '../../clients/client.js';
import { KeyWatch } from '../../gate/key-watch.js';
import { unauthorized } from '../../gate/unauthorized.js';
import { EntropyService } from '../../pool/entropy.service.js';
import { ApiError, stopping } from '../../problem/api-error.js';
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
  /** Those of each client; first of the one whose turn it is. */
  readonly #lines = new Map<string, Set<Waiter>>();
  #timer: NodeJS.Timeout | undefined;
  #stopping = false;

  constructor(
    private readonly entropy: EntropyService,
    private readonly recent: RecentClients,
    private readonly keys: KeyWatch,
  ) {
    recent.awaited = () => {
      const first = this.#first();
      return first && { client: first.client.name, bytes: first.need };
    };
  }

  get waiting(): number {
    let waiting = 0;
    for (const line of this.#lines.values()) waiting += line.size;
    return waiting;
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
      if (reply.raw.destroyed) throw error; // gone while a shared pool was asked: `close` comes no second time
      if (need > this.entropy.level().capacity || !this.#hasRoomFor(client)) throw error;
      noteApplied(reply, `wait=${secs}`);
      return await this.#wait(request, reply, { client, need, secs, take });
    }
  }

  beforeApplicationShutdown(): void {
    this.#stopping = true;
    clearTimeout(this.#timer);
    for (const line of this.#lines.values()) for (const waiter of line) waiter.refuse(stopping());
  }

  #hasRoomFor({ name }: Client): boolean {
    if (this.#stopping || this.waiting >= MAX_WAITERS) return false;
    return (this.#lines.get(name)?.size ?? 0) < MAX_OF_CLIENT;
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
          const taken = await take(() => this.#lines.get(client.name)?.has(waiter) === true);
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
        this.#leave(waiter);
        outcome();
      };
      this.#join(waiter);
      this.#look();
    });
  }

  #look(): void {
    this.#timer ??= setTimeout(() => void this.#serve(), LOOK_EVERY_MS);
  }

  #join(waiter: Waiter): void {
    const { name } = waiter.client;
    const line = this.#lines.get(name) ?? new Set();
    this.#lines.set(name, line.add(waiter));
  }

  #leave(waiter: Waiter): void {
    const { name } = waiter.client;
    const line = this.#lines.get(name);
    line?.delete(waiter);
    if (line?.size === 0) this.#lines.delete(name);
  }

  /** Serves those whose turn it is as long as there is enough for them. */
  async #serve(): Promise<void> {
    for (let waiter; (waiter = this.#first()) !== undefined;) {
      this.recent.note(waiter.client.name); // streams leave something for single answers
      if (this.entropy.level().reachable < waiter.need) break;
      try {
        await waiter.attempt();
      } catch (error) {
        if (isShortage(error)) break;
        waiter.refuse(error instanceof Error ? error : new Error(String(error)));
      }
      this.#passTurn(waiter.client);
    }
    this.#timer = undefined;
    if (this.#lines.size > 0 && !this.#stopping) this.#look();
  }

  #first(): Waiter | undefined {
    const [line] = this.#lines.values();
    const [waiter] = line ?? [];
    return waiter;
  }

  /** The next turn is that of another client, if others wait. */
  #passTurn({ name }: Client): void {
    const line = this.#lines.get(name);
    if (line === undefined) return;
    this.#lines.delete(name);
    this.#lines.set(name, line);
  }
}

function isShortage(error: unknown): boolean {
  return error instanceof ApiError && error.code === 'too-little-entropy';
}
