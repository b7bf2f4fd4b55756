/**
 * Turns a push away by its header alone, so that nothing is buffered for a client that cannot be a collector:
 *
 *   client certificate (where one is demanded) -> content type -> plausible Content-Length -> the body is read
 *
 * The bytes of the body are charged to its client as they arrive (packet-body.ts).
 */
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { MAX_PACKET_BYTES, MIN_PACKET_BYTES } from '#libs/crypto';
import { Connections } from '../connections/connections.js';
import type { Place } from '../connections/room.js';
import { GatewaySettings } from '../settings.js';
import { Certificates } from '../tls/certificates.js';
import { PushOutcomes } from '../admission/push-outcomes.js';
import { PacketRefusal } from '../admission/packet-refusal.js';
import { PushRefusal } from './push-refusal.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Where the body of a push is charged; set by PushGate. */
    place?: Place;
  }
}

@Injectable()
export class PushGate {
  readonly #certificateDemanded: boolean;

  constructor(
    settings: GatewaySettings,
    private readonly outcomes: PushOutcomes,
    private readonly certificates: Certificates,
    private readonly connections: Connections,
  ) {
    this.#certificateDemanded = settings.QRNG_TLS_CLIENT_CA_FILE !== undefined;
    certificates.whenTrustChanges(() => connections.endIdleWithCertificate());
  }

  /** @throws {PacketRefusal} before the body of `request` is read. */
  check(request: FastifyRequest, reply: FastifyReply): void {
    const refusal = this.#headerRefusal(request) ?? this.#trustRefusal(request, reply);
    if (refusal !== undefined) {
      this.outcomes.refused(refusal, { transport: 'https', source: request.ip });
      throw refusal;
    }
    const place = this.connections.placeFor(request);
    request.place = place;
    reply.raw.once('close', () => place.leave());
  }

  /**
   * A certificate that has expired on an open connection is refused as on a new one. On a connection from before a reload the
   * certificate was checked by what was trusted then: it takes one more push where that is still the same, and none where it is
   * not. Pushes that were sent on it together get no further.
   */
  #trustRefusal({ raw }: FastifyRequest, reply: FastifyReply): PacketRefusal | undefined {
    if (!this.#certificateDemanded) return undefined;
    const trust = this.certificates.trustOf(raw.socket);
    if (trust !== 'current') void reply.header('connection', 'close');
    if (trust === 'expired') {
      return new PacketRefusal('client_cert', 'the client certificate has expired since it was shown');
    }
    return trust === 'changed'
      ? new PacketRefusal('unready', 'a connection from before a change of the client CA')
      : undefined;
  }

  #headerRefusal({ raw }: FastifyRequest): PacketRefusal | undefined {
    const { 'content-type': type = '', 'content-length': length, 'transfer-encoding': coding } = raw.headers;
    const { 'content-encoding': compression = 'identity' } = raw.headers;
    // It speaks of what was trusted at the handshake; tickets of old sessions die on a reload.
    if (this.#certificateDemanded && !(raw.socket instanceof TLSSocket && raw.socket.authorized)) {
      return new PacketRefusal('client_cert', certificateFault(raw.socket));
    }
    if (!/^application\/octet-stream\s*(;|$)/i.test(type)) {
      return new PushRefusal('malformed', 'the content type is not application/octet-stream', 415);
    }
    // RFC 9110, 8.4: the body is not what it would be as an encoding of a packet.
    if (compression.toLowerCase() !== 'identity') {
      return new PushRefusal('malformed', 'the body has a content coding', 415);
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

/** Why the client certificate is not accepted, by OpenSSL's code, such as CERT_HAS_EXPIRED or CRL_HAS_EXPIRED. */
function certificateFault(socket: Socket): string {
  const shown = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
  if (!(socket instanceof TLSSocket) || shown === undefined) return 'no client certificate';
  return `the client certificate is refused: ${String(socket.authorizationError)}`;
}
