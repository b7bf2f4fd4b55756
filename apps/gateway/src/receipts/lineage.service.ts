/** Takes what receipts need to know from packets as they are admitted, in the process that keeps the log; where receipts are off, nothing. */
import { Inject, Injectable } from '@nestjs/common';
import { decodeTelemetry, TelemetryError } from '#libs/crypto';
import type { Packet } from '#libs/crypto';
import type { PacketRef } from '../pool/packet-ref.js';
import { LineageBook } from './lineage-book.js';
import { Receipts } from './receipts.js';
import { RECEIPTS } from './token.js';
import type { ReceiptKeeper } from './token.js';

@Injectable()
export class LineageService {
  private readonly receipts: Receipts | undefined;

  constructor(@Inject(RECEIPTS) receipts: ReceiptKeeper | undefined) {
    this.receipts = receipts instanceof Receipts ? receipts : undefined;
  }

  /** What the pool remembers with the bytes of a packet. */
  refOf(packet: Packet): PacketRef | undefined {
    if (this.receipts === undefined || packet.type !== 'entropy') return undefined;
    return LineageBook.refOf(packet);
  }

  accepted(packet: Packet, ref: PacketRef | undefined): void {
    if (this.receipts === undefined) return;
    this.receipts.noteTime(Number(packet.timestamp));
    if (ref !== undefined) this.receipts.notePacket(ref);
    else if (packet.data.length > 0) this.#state(this.receipts, packet);
  }

  #state(receipts: Receipts, { collector, data }: Packet): void {
    try {
      const { lineage } = decodeTelemetry(data);
      if (lineage !== undefined) receipts.noteStatement(collector, lineage);
    } catch (error) {
      if (!(error instanceof TelemetryError)) throw error; // the registry of collectors logs it
    }
  }
}
