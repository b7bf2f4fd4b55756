/** Decides on a packet whose MAC held: its time, then (in the pool) its sequence and the room for its bytes. */
import { Injectable } from '@nestjs/common';
import type { Packet } from '#libs/crypto';
import { Clock } from '../clock.js';
import { GatewayMetrics } from '../metrics/gateway-metrics.js';
import { EntropyService } from '../pool/entropy.service.js';
import { GatewaySettings } from '../settings.js';
import { freshness } from './freshness.js';
import { PushRefusal } from './push-refusal.js';

/** When a collector that was told 503 or 507 should come again, in seconds. */
const RETRY_AFTER_SECS = 1;

@Injectable()
export class AdmissionService {
  constructor(
    private readonly settings: GatewaySettings,
    private readonly clock: Clock,
    private readonly entropy: EntropyService,
    private readonly metrics: GatewayMetrics,
  ) {}

  /** @throws {PushRefusal} when the packet is not taken. */
  async admit(packet: Packet): Promise<void> {
    const { collector } = packet;
    this.#checkTime(packet);
    const admission = await this.entropy.admit(packet);
    if (admission.result !== 'accepted') throw this.#refusal(packet, admission.result, admission.detail);
    this.metrics.packets.inc({ collector, result: 'accepted' });
    this.metrics.missing.inc({ collector }, Number(admission.missing));
    this.metrics.lastPacket.set({ collector }, this.clock.now() / 1000);
  }

  #checkTime(packet: Packet): void {
    const window = {
      ttlMs: this.settings.QRNG_PACKET_TTL_SECS * 1000,
      skewMs: this.settings.QRNG_CLOCK_SKEW_SECS * 1000,
    };
    const age = freshness(packet.timestamp, this.clock.now(), window);
    if (age !== 'fresh') {
      throw this.#refusal(packet, age, `timestamp ${packet.timestamp} is outside the window`);
    }
  }

  #refusal(packet: Packet, result: PushRefusal['result'], detail: string): PushRefusal {
    this.metrics.packets.inc({ collector: packet.collector, result });
    const retryable = result === 'full' || result === 'unready';
    return new PushRefusal(result, detail, retryable ? RETRY_AFTER_SECS : undefined);
  }
}
