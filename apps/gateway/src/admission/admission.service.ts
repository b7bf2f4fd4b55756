/** Decides on a packet whose MAC held: its time, then (in the pool) its sequence and the room for its bytes. */
import { Injectable } from '@nestjs/common';
import type { Packet } from '#libs/crypto';
import { Clock } from '../clock.js';
import { EntropyService } from '../pool/entropy.service.js';
import { GatewaySettings } from '../settings.js';
import { freshness } from './freshness.js';
import { PushOutcomes } from './push-outcomes.js';
import { PacketRefusal } from './packet-refusal.js';

@Injectable()
export class AdmissionService {
  constructor(
    private readonly settings: GatewaySettings,
    private readonly clock: Clock,
    private readonly entropy: EntropyService,
    private readonly outcomes: PushOutcomes,
  ) {}

  /**
   * @param source address of the sender.
   * @throws {PacketRefusal} when the packet is not taken.
   */
  async admit(packet: Packet, source: string): Promise<void> {
    const admission = this.#timeRefusal(packet) ?? (await this.entropy.admit(packet));
    if (admission.result === 'accepted') {
      this.outcomes.accepted(packet, admission.missing, this.clock.now());
      return;
    }
    const refusal = new PacketRefusal(admission.result, admission.detail);
    this.outcomes.refused(refusal, source, packet);
    throw refusal;
  }

  #timeRefusal({ timestamp }: Packet): { result: 'stale' | 'future'; detail: string } | undefined {
    const window = {
      ttlMs: this.settings.QRNG_PACKET_TTL_SECS * 1000,
      skewMs: this.settings.QRNG_CLOCK_SKEW_SECS * 1000,
    };
    const result = freshness(timestamp, this.clock.now(), window);
    if (result === 'fresh') return undefined;
    return { result, detail: `timestamp ${timestamp} is outside the window` };
  }
}
