/** The files of a spool: their names and what is in them. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { MAX_PACKET_BYTES } from '#libs/crypto';
import { errorCode } from '#libs/files';

const MAGIC = Buffer.from('QRNG');
const NAME = /^([a-z0-9-]{1,16})-(\d{1,20})-(\d{1,20})\.qrng$/;

export function isPacketFile(name: string): boolean {
  return name.endsWith('.qrng');
}

/** Sorts by collector, run and number, as far as names show them; what is named otherwise comes last. */
export function inOrder(names: readonly string[]): string[] {
  return names
    .map((name) => ({ name, key: keyOf(name) }))
    .sort((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)))
    .map(({ name }) => name);
}

/** Sorts as text in the order of sealing. */
function keyOf(name: string): string {
  const [, collector, boot = '', sequence = ''] = NAME.exec(name) ?? [];
  if (collector === undefined) return `~${name}`; // behind all that a collector's name may have
  return `${collector} ${boot.padStart(20, '0')} ${sequence.padStart(20, '0')}`;
}

/** A file whose content could not be had: it may be had later. */
export class UnreadableFile extends Error {}

/**
 * What is in a file so far; undefined when there can never be a packet in it, however long it is still written to: it is no
 * regular file, too large, or begins with something else. Zeros at the beginning may be room that a writer has reserved.
 * Links are not followed.
 *
 * @throws {UnreadableFile} when it cannot be read now.
 */
export async function contentOf(path: string): Promise<Buffer | undefined> {
  try {
    const content = await readRegular(path);
    return MAGIC.every((byte, at) => [byte, 0, undefined].includes(content?.[at])) ? content : undefined;
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT') return Buffer.alloc(0); // moved away in between
    if (code === 'ELOOP') return undefined; // a link
    throw new UnreadableFile(code);
  }
}

/** Undefined for what is no regular file, or too large. No more is read than it had when it was opened, however it grows. */
async function readRegular(path: string): Promise<Buffer | undefined> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stats = await file.stat();
    if (!stats.isFile() || stats.size > MAX_PACKET_BYTES) return undefined;
    const content = Buffer.allocUnsafeSlow(stats.size);
    let length = 0;
    while (length < content.length) {
      const { bytesRead } = await file.read(content, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return content.subarray(0, length);
  } finally {
    await file.close();
  }
}
