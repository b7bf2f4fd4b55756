/**
 * Turns a push away by its header alone, so that nothing is buffered for a client that cannot be a collector:
 *
 *   client certificate (where one is demanded) -> content type -> plausible Content-Length -> room -> the body is read
 *
 * The room is for the bodies of all pushes that are under way, since none is authenticated before all of it is there. One
 * network gets an eighth of it, so that an attacker who sends slowly does not keep a collector elsewhere out.
 */
import { TLSSocket } from 'node:tls';
import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { MAX_PACKET_BYTES, MIN_PACKET_BYTES } from '#libs/crypto';
import { addressNetwork } from '../addresses/address-network.js';
import { GatewaySettings } from '../settings.js';
import { Certificates } from '../tls/certificates.js';
import { PushOutcomes } from '../admission/push-outcomes.js';
import { PacketRefusal } from '../admission/packet-refusal.js';
import { PushRefusal } from './push-refusal.js';

/** Bytes of bodies that are being read or decided on at a time: 256 of the largest packets, 32 from one network. */
const ROOM = { all: 256 * MAX_PACKET_BYTES, network: 32 * MAX_PACKET_BYTES };

@Injectable()
export class PushGate {
  /** Bytes of bodies under way, by network. */
  readonly #used = new Map<string, number>();
  #allUsed = 0;
  readonly #certificateDemanded: boolean;

  constructor(
    settings: GatewaySettings,
    private readonly outcomes: PushOutcomes,
    private readonly certificates: Certificates,
  ) {
    this.#certificateDemanded = settings.QRNG_TLS_CLIENT_CA_FILE !== undefined;
  }

  /** @throws {PacketRefusal} before the body of `request` is read. */
  check(request: FastifyRequest, reply: FastifyReply): void {
    // A client that was revoked since then gets no further: this is the last answer on a connection from before a reload.
    if (this.#certificateDemanded && !this.certificates.isCurrent(request.raw.socket)) {
      void reply.header('connection', 'close');
    }
    const refusal = this.#headerRefusal(request) ?? this.#reserve(request, reply);
    if (refusal === undefined) return;
    this.outcomes.refused(refusal, { transport: 'https', source: request.ip });
    throw refusal;
  }

  /** Keeps room for the body until the push is answered or its connection is gone. */
  #reserve({ raw, ip }: FastifyRequest, reply: FastifyReply): PacketRefusal | undefined {
    const bytes = Number(raw.headers['content-length']);
    const network = addressNetwork(ip);
    const used = this.#used.get(network) ?? 0;
    if (this.#allUsed + bytes > ROOM.all || used + bytes > ROOM.network) {
      return new PacketRefusal('unready', 'too many pushes at a time');
    }
    this.#note(network, bytes);
    reply.raw.once('close', () => {
      this.#note(network, -bytes);
    });
    return undefined;
  }

  #note(network: string, bytes: number): void {
    const used = (this.#used.get(network) ?? 0) + bytes;
    if (used === 0) this.#used.delete(network);
    else this.#used.set(network, used);
    this.#allUsed += bytes;
  }

  #headerRefusal({ raw }: FastifyRequest): PacketRefusal | undefined {
    const { 'content-type': type = '', 'content-length': length, 'transfer-encoding': coding } = raw.headers;
    // It speaks of what was trusted at the handshake. Tickets of old sessions die on a reload, and `check` ends connections.
    if (this.#certificateDemanded && !(raw.socket instanceof TLSSocket && raw.socket.authorized)) {
      return new PushRefusal('hmac', 'no client certificate of the demanded CA', 401);
    }
    if (!/^application\/octet-stream\s*(;|$)/i.test(type)) {
      return new PushRefusal('malformed', 'the content type is not application/octet-stream', 415);
    }
    if (coding !== undefined) return new PushRefusal('malformed', 'a body without Content-Length', 411);
    const bytes = /^\d{1,15}$/.test(length ?? '') ? Number(length) : -1;
    if (bytes < MIN_PACKET_BYTES) return new PacketRefusal('malformed', 'the Content-Length of no packet');
    if (bytes > MAX_PACKET_BYTES) {
      return new PushRefusal('malformed', `a packet has at most ${MAX_PACKET_BYTES} bytes`, 413);
    }
    return undefined;
  }
}
