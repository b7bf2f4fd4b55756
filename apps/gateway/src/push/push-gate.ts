/**
 * Turns a push away by its header alone, so that nothing is buffered for a client that cannot be a collector:
 *
 *   client certificate (where one is demanded) -> content type -> plausible Content-Length -> the body is read
 */
import { TLSSocket } from 'node:tls';
import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { MAX_PACKET_BYTES, MIN_PACKET_BYTES } from '#libs/crypto';
import { GatewaySettings } from '../settings.js';
import { PushOutcomes } from './push-outcomes.js';
import { PushRefusal } from './push-refusal.js';

@Injectable()
export class PushGate {
  readonly #certificateDemanded: boolean;

  constructor(
    settings: GatewaySettings,
    private readonly outcomes: PushOutcomes,
  ) {
    this.#certificateDemanded = settings.QRNG_TLS_CLIENT_CA_FILE !== undefined;
  }

  /** @throws {PushRefusal} before the body of `request` is read. */
  check(request: FastifyRequest): void {
    const refusal = this.#refusal(request);
    if (refusal === undefined) return;
    this.outcomes.refused(refusal, request.ip);
    throw refusal;
  }

  #refusal({ raw }: FastifyRequest): PushRefusal | undefined {
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
