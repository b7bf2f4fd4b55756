/** `POST /push`: the gateway's end of the diode. */
import { Controller, HttpCode, Post, Req, UseGuards } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { wipeAndFree } from '#libs/entropy';
import { Public } from '../gate/public.decorator.js';
import { AdmissionService } from '../admission/admission.service.js';
import { HmacGuard } from './hmac.guard.js';
import { PacketRefusal } from '../admission/packet-refusal.js';

@ApiExcludeController()
@Public()
@Controller('push')
export class PushController {
  constructor(private readonly admission: AdmissionService) {}

  @Post()
  @HttpCode(204)
  @UseGuards(HmacGuard)
  async push(@Req() request: FastifyRequest): Promise<void> {
    const { packet, body } = request;
    if (packet === undefined || !Buffer.isBuffer(body)) {
      throw new PacketRefusal('malformed', 'HmacGuard did not run');
    }
    await this.admission.admit(packet, { transport: 'https', source: request.ip });
    // Only of a packet that was accepted: what became of it is settled, and nobody reads its bytes any more.
    wipeAndFree(body);
  }
}
