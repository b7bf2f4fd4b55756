/**
 * Hands entropy out to clients:
 *
 *   quota: set bytes aside -> pool: take them -> what was set aside and not taken goes back to the quota
 *      | too few left: 429       | too few in it: 503
 *
 * A request that is refused took nothing. A taken byte is gone, whatever becomes of the answer.
 */
import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { PinoLogger } from 'nestjs-pino';
import { draw, OverdrawnError } from '#libs/entropy';
import type { Sample } from '#libs/entropy';
import { Quotas } from '../limits/quotas.js';
import type { Reservation } from '../limits/quotas.js';
import { EntropyService } from '../pool/entropy.service.js';
import { ApiError } from '../problem/api-error.js';
import { RecentClients } from './recent-clients.js';

/** When to try again after bytes that were not random: others may have come by then. */
const OVERDRAWN_RETRY_SECS = 60;

@Injectable()
export class Dispenser {
  constructor(
    private readonly entropy: EntropyService,
    private readonly quotas: Quotas,
    private readonly recent: RecentClients,
    private readonly logger: PinoLogger,
  ) {
    logger.setContext(Dispenser.name);
  }

  /**
   * `count` bytes for the client of the request; at once if they are at hand, as they are in a pool of one gateway.
   *
   * @throws {ApiError} `quota-used-up`, `too-little-entropy`.
   */
  bytes(request: FastifyRequest, reply: FastifyReply, count: number): Buffer | Promise<Buffer> {
    const reservation = this.quotas.reserve(request, reply, count);
    if (reservation instanceof Promise) {
      return reservation.then((later) => this.#bytesOf(request, reply, later));
    }
    return this.#bytesOf(request, reply, reservation);
  }

  /**
   * A drawing for the client of the request.
   *
   * @throws {ApiError} `quota-used-up`, `too-little-entropy`.
   */
  async sample<T>(request: FastifyRequest, reply: FastifyReply, sample: Sample<T>): Promise<T> {
    const reservation = await this.quotas.reserve(request, reply, sample.most);
    this.recent.note(reservation.client);
    let taken = 0;
    try {
      return await this.entropy.draw(sample.most, reservation.client, (take) =>
        draw(sample, (count) => {
          const bytes = take(count);
          taken += count;
          return bytes;
        }),
      );
    } catch (error) {
      throw error instanceof OverdrawnError ? this.#overdrawn(error, request) : error;
    } finally {
      this.quotas.settle(reservation, taken);
      this.quotas.tellLimit(request, reply);
    }
  }

  #overdrawn(error: OverdrawnError, { id }: FastifyRequest): ApiError {
    this.logger.error(
      { event: 'overdrawn', requestId: id, err: error },
      'the bytes in the pool are not random',
    );
    return new ApiError(
      'too-little-entropy',
      'The bytes in the pool did not look random; the answer is refused.',
      {
        retryAfterSecs: OVERDRAWN_RETRY_SECS,
      },
    );
  }

  #bytesOf(request: FastifyRequest, reply: FastifyReply, reservation: Reservation): Buffer | Promise<Buffer> {
    const { client, bytes } = reservation;
    this.recent.note(client);
    const taken = this.entropy.takeNow(bytes, client);
    if (taken === undefined) return this.#bytesLater(request, reply, reservation);
    this.quotas.tellLimit(request, reply);
    return taken;
  }

  async #bytesLater(request: FastifyRequest, reply: FastifyReply, reservation: Reservation): Promise<Buffer> {
    try {
      return await this.entropy.take(reservation.bytes, reservation.client);
    } catch (error) {
      this.quotas.settle(reservation, 0);
      throw error;
    } finally {
      this.quotas.tellLimit(request, reply);
    }
  }
}
