/** Admission as a worker has it: the head decides, as it keeps the positions, the floor and the pool. */
import type { OnModuleDestroy } from '@nestjs/common';
import type { Packet } from '#libs/crypto';
import { declareCall } from '../link/call.js';
import type { Channel } from '../link/channel.js';
import type { AdmissionService } from './admission.service.js';
import type { Origin } from './origin.js';
import { PacketRefusal } from './packet-refusal.js';
import type { RefusalResult } from './packet-refusal.js';

/** Has the head decide on a packet whose MAC held; gives why it was not taken, or nothing. */
export const ADMIT = declareCall<
  { packet: Packet; origin: Origin },
  { result: RefusalResult; detail: string } | undefined
>('admit');

export class ForwardedAdmission implements Pick<AdmissionService, 'admit'>, OnModuleDestroy {
  #stopping = false;

  constructor(private readonly head: Channel) {}

  /**
   * @throws {PacketRefusal} when the packet is not taken. A head that is gone ends its workers: the outcome stays unknown then.
   */
  async admit(packet: Packet, origin: Origin): Promise<void> {
    if (this.#stopping) throw new PacketRefusal('unready', 'the gateway is stopping');
    const refusal = await this.head.call(ADMIT, { packet, origin });
    if (refusal !== undefined) throw new PacketRefusal(refusal.result, refusal.detail);
  }

  onModuleDestroy(): void {
    this.#stopping = true;
  }
}
