/**
 * Turns a push away by its header alone, so that nothing is buffered for a client that cannot be a collector:
 *
 *   client certificate (where one is demanded) -> content type -> plausible Content-Length -> room -> the body is read
 *
 * The room is for the bodies of all pushes that are under way, whoever sends them: none of them is authenticated before
 * all of it is there.
 */
import { TLSSocket } from 'node:tls';
import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { MAX_PACKET_BYTES, MIN_PACKET_BYTES } from '#libs/crypto';
import { GatewaySettings } from '../settings.js';
import { PushOutcomes } from './push-outcomes.js';
import { PushRefusal } from './push-refusal.js';

/** Bodies that are being read or decided on at a time, in bytes: 128 of the largest packets. */
const MAX_BYTES_UNDER_WAY = 128 * MAX_PACKET_BYTES;
const RETRY_AFTER_SECS = 1;

@Injectable()
export class PushGate {
  #bytesUnderWay = 0;
  readonly #certificateDemanded: boolean;

  constructor(
    settings: GatewaySettings,
    private readonly outcomes: PushOutcomes,
  ) {
    this.#certificateDemanded = settings.QRNG_TLS_CLIENT_CA_FILE !== undefined;
  }

  /** @throws {PushRefusal} before the body of `request` is read. */
  check(request: FastifyRequest, reply: FastifyReply): void {
    const refusal = this.#headerRefusal(request) ?? this.#reserve(request, reply);
    if (refusal === undefined) return;
    this.outcomes.refused(refusal, request.ip);
    throw refusal;
  }

  /** Keeps room for the body until the push is answered or its connection is gone. */
  #reserve({ raw }: FastifyRequest, reply: FastifyReply): PushRefusal | undefined {
    const bytes = Number(raw.headers['content-length']);
    if (this.#bytesUnderWay + bytes > MAX_BYTES_UNDER_WAY) {
      const answer = { retryAfterSecs: RETRY_AFTER_SECS };
      return new PushRefusal('unready', 'too many pushes at a time', answer);
    }
    this.#bytesUnderWay += bytes;
    reply.raw.once('close', () => (this.#bytesUnderWay -= bytes));
    return undefined;
  }

  #headerRefusal({ raw }: FastifyRequest): PushRefusal | undefined {
    const { 'content-type': type = '', 'content-length': length, 'transfer-encoding': coding } = raw.headers;
    // On a reload tickets of old sessions die, so `authorized` always speaks of the certificates trusted now.
    if (this.#certificateDemanded && !(raw.socket instanceof TLSSocket && raw.socket.authorized)) {
      return new PushRefusal('hmac', 'no client certificate of the demanded CA', { status: 401 });
    }
    if (!/^application\/octet-stream\s*(;|$)/i.test(type)) {
      return new PushRefusal('malformed', 'the content type is not application/octet-stream', {
        status: 415,
      });
    }
    const bytes = coding === undefined && /^\d{1,15}$/.test(length ?? '') ? Number(length) : -1;
    if (bytes < MIN_PACKET_BYTES) {
      return new PushRefusal('malformed', 'no Content-Length, or that of no packet');
    }
    if (bytes > MAX_PACKET_BYTES) {
      return new PushRefusal('malformed', `a packet has at most ${MAX_PACKET_BYTES} bytes`, { status: 413 });
    }
    return undefined;
  }
}
