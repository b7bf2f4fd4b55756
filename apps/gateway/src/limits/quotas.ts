/** The bytes a client may take in a UTC day: set aside before they are taken, so that a quota is never exceeded. */
import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Client } from '../clients/client.js';
import { Clock } from '../clock.js';
import { LimitReports } from './limit-reports.js';
import { UsageBook } from './usage-book.js';

/** Bytes that were set aside; `settle` says how many of them were taken. */
export interface Reservation {
  readonly client: string;
  readonly bytes: number;
  readonly day: number;
}

@Injectable()
export class Quotas {
  constructor(
    private readonly usage: UsageBook,
    private readonly reports: LimitReports,
    private readonly clock: Clock,
  ) {}

  /**
   * Sets `bytes` aside for the client of the request; `tellLimit` follows once it is known what was taken.
   *
   * @throws {ApiError} `quota-used-up` when fewer are left; nothing is set aside then.
   */
  reserve(request: FastifyRequest, reply: FastifyReply, bytes: number): Reservation | Promise<Reservation> {
    const { client } = request;
    if (client === undefined) throw new Error('ApiKeyGuard did not run');
    const admitted = this.usage.reserve(client.name, bytes, client.bytesPerDay);
    if (admitted instanceof Promise) {
      return admitted.then((later) => this.#enforce(client, request, reply, bytes, later));
    }
    return this.#enforce(client, request, reply, bytes, admitted);
  }

  #enforce(
    { name, bytesPerDay }: Client,
    request: FastifyRequest,
    reply: FastifyReply,
    bytes: number,
    admitted: boolean,
  ): Reservation {
    if (!admitted) {
      this.#tell(reply, name, bytesPerDay ?? 0, admitted);
      throw this.#refusal(request, name, bytes, bytesPerDay ?? 0);
    }
    return { client: name, bytes, day: this.usage.today() };
  }

  /** Gives back what was set aside beyond the bytes that were taken. */
  settle({ client, bytes, day }: Reservation, taken: number): void {
    if (taken < bytes) this.usage.release(client, bytes - taken, day);
  }

  /** Tells the client what is left of its quota, if it has one. Once for each answer. */
  tellLimit({ client }: FastifyRequest, reply: FastifyReply): void {
    if (client?.bytesPerDay !== undefined) this.#tell(reply, client.name, client.bytesPerDay, true);
  }

  /** Adds the quota to the lists that ClientThrottlerGuard began; of a refusal it is the limit that was met. */
  #tell(reply: FastifyReply, name: string, bytesPerDay: number, admitted: boolean): void {
    const left = this.usage.left(name, bytesPerDay);
    const item = `"day";r=${left};t=${this.#secsLeft()}`;
    const policy = `"day";q=${bytesPerDay};qu="content-bytes";w=86400`;
    const others = String(reply.getHeader('ratelimit'));
    void reply
      .header('ratelimit', admitted ? `${others}, ${item}` : item)
      .header('ratelimit-policy', `${String(reply.getHeader('ratelimit-policy'))}, ${policy}`);
  }

  #refusal(request: FastifyRequest, name: string, bytes: number, bytesPerDay: number): Error {
    const left = this.usage.left(name, bytesPerDay);
    const detail =
      `This API key has ${left} of its ${bytesPerDay} bytes for the day left, and this request can need ${bytes}; ` +
      'the quota is renewed at 00:00 UTC.';
    return this.reports.refuseQuota(name, request.ip, detail, this.#secsLeft());
  }

  #secsLeft(): number {
    return Math.ceil((this.usage.resetsAt() - this.clock.now()) / 1000);
  }
}
