/** The bytes a client may take in a UTC day: set aside before they are taken, so that a quota is never exceeded. */
import { Inject, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Client } from '../clients/client.js';
import { LimitReports } from './limit-reports.js';
import { QuotaSlices } from './quota-slices.js';
import { limitField, quotaField } from './rate-limit-fields.js';
import { UsageBook } from './usage-book.js';

/** Bytes that were set aside; `settle` says how many of them were taken. */
export interface Reservation {
  readonly client: string;
  readonly day: number;
  /** What the client is charged: what was set aside, later what was taken. */
  bytes: number;
  /** Whether they came out of a slice of the quota. */
  readonly isLeased: boolean;
}

@Injectable()
export class Quotas {
  constructor(
    private readonly usage: UsageBook,
    private readonly reports: LimitReports,
    /** Only where other gateways share the quotas. */
    @Inject(QuotaSlices) private readonly slices: QuotaSlices | undefined,
  ) {}

  /**
   * Sets `bytes` aside for the client of the request.
   *
   * @returns nothing where a slice of the quota has to be fetched first: `reserveLater` does that.
   * @throws {ApiError} `quota-used-up` when fewer are left; nothing is set aside then.
   */
  reserve(request: FastifyRequest, reply: FastifyReply, bytes: number): Reservation | undefined {
    const client = clientOf(request);
    const { name, bytesPerDay } = client;
    const day = this.usage.today();
    let isLeased = false;
    if (bytesPerDay !== undefined) {
      if (this.usage.left(name, bytesPerDay) < bytes) throw this.#refusal(client, request, reply, bytes);
      if (this.slices !== undefined) {
        if (!this.slices.take(name, bytes, day)) return undefined;
        isLeased = true;
      }
    }
    this.usage.addBytes(name, bytes, day, isLeased);
    return { client: name, day, bytes, isLeased };
  }

  /**
   * Does the same, and waits for a slice of the quota where one is missing.
   *
   * @throws {ApiError} `quota-used-up`; `unavailable` when no slice can be had now.
   */
  async reserveLater(request: FastifyRequest, reply: FastifyReply, bytes: number): Promise<Reservation> {
    const client = clientOf(request);
    const { name, bytesPerDay = 0 } = client;
    for (;;) {
      const reservation = this.reserve(request, reply, bytes);
      if (reservation !== undefined) return reservation;
      const slice = { client: name, day: this.usage.today(), need: bytes, bytesPerDay };
      if ((await this.slices?.fetch(slice)) !== true) throw this.#refusal(client, request, reply, bytes);
    }
  }

  /** Charges the client for what was taken, in the place of what was set aside. */
  settle(reservation: Reservation, taken: number): void {
    const { client, day, isLeased } = reservation;
    const more = taken - reservation.bytes;
    reservation.bytes = taken;
    this.usage.addBytes(client, more, day, isLeased);
    if (isLeased) this.slices?.put(client, -more, day);
  }

  /** Writes the RateLimit field again for a client with a quota, now that it is known what the answer took. */
  writeLeft({ client, standing }: FastifyRequest, reply: FastifyReply): void {
    if (client?.bytesPerDay === undefined || standing === undefined) return;
    void reply.header('ratelimit', limitField(standing, this.usage.quotaOf(client)));
  }

  #refusal(client: Client, request: FastifyRequest, reply: FastifyReply, bytes: number): Error {
    const quota = this.usage.quotaOf(client);
    if (quota === undefined) throw new Error('a client without a quota has used it up');
    void reply.header('ratelimit', quotaField(quota));
    const detail =
      `This API key has ${quota.left} of its ${quota.bytesPerDay} bytes for the day left, and this request can need ` +
      `${bytes}; the quota is renewed at 00:00 UTC.`;
    return this.reports.refuseQuota(client.name, request.ip, detail, quota.secs);
  }
}

/** Who sent a request that the gate has let in. */
export function clientOf({ client }: FastifyRequest): Client {
  if (client === undefined) throw new Error('ApiKeyGuard did not run');
  return client;
}
