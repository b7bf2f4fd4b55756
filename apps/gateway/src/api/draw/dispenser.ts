/**
 * Hands entropy out to clients:
 *
 *   quota: set bytes aside -> pool: take them -> what was set aside and not taken goes back to the quota
 *      | too few left: 429       | too few in it: 503, or wait (Waiters)
 *
 * A request that is refused took nothing. A taken byte is gone, whatever becomes of the answer.
 */
import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { draw, OverdrawnError } from '#libs/entropy';
import type { Sample } from '#libs/entropy';
import { Quotas } from '../../limits/quotas.js';
import type { Reservation } from '../../limits/quotas.js';
import { logEvent } from '../../log-events.js';
import { EntropyService } from '../../pool/entropy.service.js';
import type { Piece } from '../../pool/packet-ref.js';
import type { Drawing } from '../../receipts/drawing.js';
import { ApiError } from '../../problem/api-error.js';
import { RecentClients } from './recent-clients.js';
import { Waiters } from './waiters.js';

/** When to try again after bytes that were not random: others may have come by then. */
const OVERDRAWN_RETRY_SECS = 60;

@Injectable()
export class Dispenser {
  constructor(
    private readonly entropy: EntropyService,
    private readonly quotas: Quotas,
    private readonly recent: RecentClients,
    private readonly waiters: Waiters,
  ) {}

  /**
   * `count` bytes for the client of the request; at once if they are at hand, as they are in a pool of one gateway.
   *
   * @throws {ApiError} `quota-used-up`, `too-little-entropy`; `unavailable` where a shared quota cannot be checked.
   */
  bytes(request: FastifyRequest, reply: FastifyReply, count: number): Buffer | Promise<Buffer> {
    refuseGone(reply);
    const reservation = this.quotas.reserve(request, reply, count);
    if (reservation === undefined) return this.#bytesLater(request, reply, count);
    this.recent.note(reservation.client);
    const taken = this.entropy.takeNow(count, reservation.client);
    if (taken === undefined) return this.#fetch(request, reply, reservation);
    this.quotas.writeLeft(request, reply);
    this.waiters.noteHonored(request, reply);
    return taken;
  }

  /**
   * A drawing for the client of the request.
   *
   * @param receipt where each byte's packet is noted, for a drawing that gets a receipt.
   * @throws {ApiError} as `bytes` does.
   */
  async sample<T>(
    request: FastifyRequest,
    reply: FastifyReply,
    sample: Sample<T>,
    receipt?: Drawing,
  ): Promise<T> {
    refuseGone(reply);
    const { most } = sample;
    const reservation =
      this.quotas.reserve(request, reply, most) ?? (await this.quotas.reserveLater(request, reply, most));
    this.recent.note(reservation.client);
    let taken = 0;
    try {
      const drawing = (take: (count: number, from?: Piece[]) => Buffer) => {
        receipt?.begin(this.entropy.pieces(most));
        return draw(sample, (count) => {
          const from: Piece[] | undefined = receipt && [];
          const bytes = take(count, from);
          taken += count;
          receipt?.note(from ?? [], bytes);
          return bytes;
        });
      };
      return await this.waiters.serve(request, reply, most, (isWanted) =>
        this.entropy.draw(most, reservation.client, drawing, isWanted),
      );
    } catch (error) {
      if (!(error instanceof OverdrawnError)) throw error;
      this.entropy.distrust();
      throw overdrawn(error, request);
    } finally {
      this.quotas.settle(reservation, taken);
      this.quotas.writeLeft(request, reply);
    }
  }

  async #bytesLater(request: FastifyRequest, reply: FastifyReply, count: number): Promise<Buffer> {
    const reservation = await this.quotas.reserveLater(request, reply, count);
    this.recent.note(reservation.client);
    return this.#fetch(request, reply, reservation);
  }

  async #fetch(request: FastifyRequest, reply: FastifyReply, reservation: Reservation): Promise<Buffer> {
    try {
      const { bytes, client } = reservation;
      return await this.waiters.serve(request, reply, bytes, (isWanted) =>
        this.entropy.take(bytes, client, isWanted),
      );
    } catch (error) {
      this.quotas.settle(reservation, 0);
      throw error;
    } finally {
      this.quotas.writeLeft(request, reply);
    }
  }
}

/** Nothing is taken for a client that went away while its request was read: nobody would get the answer. */
function refuseGone({ raw }: FastifyReply): void {
  if (raw.destroyed) throw new ApiError('unavailable', 'The client is gone.');
}

function overdrawn(error: OverdrawnError, { id }: FastifyRequest): ApiError {
  logEvent('error', 'overdrawn', { requestId: id, err: error });
  return new ApiError(
    'too-little-entropy',
    'The bytes in the pool did not look random; the answer is refused.',
    { retryAfterSecs: OVERDRAWN_RETRY_SECS },
  );
}
