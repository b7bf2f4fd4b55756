/** Compares what a carrier delivered with what the gateway made of it. */
import { HEADER_BYTES, MAC_BYTES, packetPosition } from '#libs/crypto';

const ENTROPY = 1;

interface Arrived {
  readonly boot: bigint;
  readonly sequence: bigint;
  /** Nothing in a heartbeat. */
  readonly entropy: Buffer;
}

/** The packets of a delivery, each once, in the order of sealing, and how many came again. */
export function arrivedPackets(delivered: readonly Buffer[]): { packets: Arrived[]; copies: number } {
  const packets = new Map<string, Arrived>();
  for (const packet of delivered) {
    const { boot, sequence } = packetPosition(packet);
    const data = packet.subarray(HEADER_BYTES, packet.length - MAC_BYTES);
    const entropy = packet[5] === ENTROPY ? data : Buffer.alloc(0);
    packets.set(`${boot} ${sequence}`, { boot, sequence, entropy });
  }
  const order = (a: bigint, b: bigint): number => (a < b ? -1 : Number(a > b));
  return {
    packets: [...packets.values()].sort((a, b) => order(a.boot, b.boot) || order(a.sequence, b.sequence)),
    copies: delivered.length - packets.size,
  };
}

/** The datagrams of a record: each with its length, 2 bytes big-endian, first. */
export function recorded(record: Buffer): Buffer[] {
  const datagrams: Buffer[] = [];
  for (let at = 0; at + 2 <= record.length;) {
    const end = at + 2 + record.readUInt16BE(at);
    datagrams.push(record.subarray(at + 2, end));
    at = end;
  }
  return datagrams;
}

/**
 * Finds what was served in what arrived, packet by packet.
 *
 * @returns how many packets with entropy were passed over, since the gateway took them as too late; undefined when what was served
 * is anything else than the bytes that arrived, in order and each once.
 */
export function passedOver(packets: readonly Arrived[], served: Buffer): number | undefined {
  let [at, passed] = [0, 0];
  for (const { entropy } of packets) {
    if (entropy.length === 0 || at === served.length) continue;
    const here = served.subarray(at, at + entropy.length);
    if (entropy.subarray(0, here.length).equals(here)) at += here.length;
    else passed += 1;
  }
  return at === served.length ? passed : undefined;
}
