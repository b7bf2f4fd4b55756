/** Decides on a packet whose MAC held, whichever way it came, and reports to operators what became of it. */
import { Injectable } from '@nestjs/common';
import type { OnModuleDestroy } from '@nestjs/common';
import type { Packet } from '#libs/crypto';
import type { Admission } from '../pool/pool.js';
import { EntropyService } from '../pool/entropy.service.js';
import { LineageService } from '../receipts/lineage.service.js';
import type { Origin } from './origin.js';
import { PushOutcomes } from './push-outcomes.js';
import { PacketRefusal } from './packet-refusal.js';

const STOPPING: Admission = { result: 'unready', detail: 'the gateway is stopping' };

@Injectable()
export class AdmissionService implements OnModuleDestroy {
  #stopping = false;

  constructor(
    private readonly entropy: EntropyService,
    private readonly outcomes: PushOutcomes,
    private readonly lineage: LineageService,
  ) {}

  /** @throws {PacketRefusal} when the packet is not taken. */
  async admit(packet: Packet, origin: Origin): Promise<void> {
    const ref = this.lineage.refOf(packet);
    const admission = this.#stopping ? STOPPING : await this.entropy.admit(packet, ref);
    if (admission.result === 'accepted') {
      this.lineage.accepted(packet, ref);
      this.outcomes.accepted(packet, origin, admission.missing);
      return;
    }
    const refusal = new PacketRefusal(admission.result, admission.detail);
    this.outcomes.refused(refusal, origin, packet);
    throw refusal;
  }

  /** The first thing on SIGTERM: what would be taken from now on would be wiped a moment later. */
  onModuleDestroy(): void {
    this.#stopping = true;
  }
}
