/** Admits a push only if its raw bytes are a packet whose MAC holds; parses nothing else. */
import { Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { openPacket, PacketError } from '#libs/crypto';
import type { Packet } from '#libs/crypto';
import { HmacKeys } from '../packet-keys/hmac-keys.js';
import { PushOutcomes } from '../admission/push-outcomes.js';
import { PacketRefusal } from '../admission/packet-refusal.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The packet whose MAC held; set by HmacGuard. */
    packet?: Packet;
  }
}

@Injectable()
export class HmacGuard implements CanActivate {
  constructor(
    private readonly keys: HmacKeys,
    private readonly outcomes: PushOutcomes,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    try {
      request.packet = openPacket(bodyOf(request), this.keys.ring);
      return true;
    } catch (error) {
      if (!(error instanceof PacketError)) throw error;
      const refusal = new PacketRefusal(error.code, error.message);
      this.outcomes.refused(refusal, { transport: 'https', source: request.ip });
      throw refusal;
    }
  }
}

function bodyOf(request: FastifyRequest): Buffer {
  if (Buffer.isBuffer(request.body)) return request.body;
  throw new PacketError('malformed', 'no body');
}
