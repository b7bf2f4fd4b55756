/** Which packet bytes came from; remembered only where receipts are given (docs/receipts.md). */

export interface PacketRef {
  readonly collector: string;
  readonly boot: bigint;
  readonly sequence: bigint;
  /** As its collector signs for it (libs/tlog). */
  readonly digest: Buffer;
}

/** Bytes that lie one after the other in one packet. */
export interface Piece {
  /** Undefined where nobody remembered it. */
  readonly packet: PacketRef | undefined;
  /** Where in the packet's data they begin. */
  readonly offset: number;
  readonly length: number;
}

function follows(last: Piece, { packet, offset }: Piece): boolean {
  if (last.packet === undefined || packet === undefined) return last.packet === packet;
  const { collector, boot, sequence } = last.packet;
  const isSame = collector === packet.collector && boot === packet.boot && sequence === packet.sequence;
  return isSame && last.offset + last.length === offset;
}

/** `before` and then `more`, with neighbours in one packet as one piece. */
export function joined(before: readonly Piece[], more: readonly Piece[]): Piece[] {
  const pieces = [...before];
  for (const piece of more) {
    const last = pieces.at(-1);
    if (last === undefined || !follows(last, piece)) pieces.push(piece);
    else pieces[pieces.length - 1] = { ...last, length: last.length + piece.length };
  }
  return pieces;
}
