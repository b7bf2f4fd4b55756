/**
 * Where the bytes of a block came from, as text beside the time in the list of blocks:
 *
 *   1732730000000 OFFSET COLLECTOR BOOT SEQUENCE DIGEST
 *
 * The scripts cut blocks, and know of it only that OFFSET is the first word after the time. Without receipts there is none of it.
 */
import type { PacketRef } from '../packet-ref.js';

/** Everything but the time and the offset; empty where nothing is remembered. */
export function refText(ref: PacketRef | undefined): string {
  if (ref === undefined) return '';
  const { collector, boot, sequence, digest } = ref;
  return `${collector} ${boot} ${sequence} ${digest.toString('base64')}`;
}

/** What a lease gives: the offset, then what `refText` wrote. Empty where it is of another form: then nothing is known. */
export function parsedRef(text: string): { packet: PacketRef; offset: number } | Record<string, never> {
  const match = /^(\d{1,7}) ([a-z0-9-]{1,16}) (\d{1,20}) (\d{1,20}) ([A-Za-z0-9+/]{43}=)$/.exec(text);
  if (match === null) return {};
  const [, offset, collector = '', boot = '', sequence = '', digest = ''] = match;
  const numbers = { boot: BigInt(boot), sequence: BigInt(sequence) };
  return { packet: { collector, ...numbers, digest: Buffer.from(digest, 'base64') }, offset: Number(offset) };
}
