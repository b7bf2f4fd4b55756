/** The files of a spool: their names and what is in them. */
import { constants } from 'node:fs';
import { lstat, open } from 'node:fs/promises';
import { MAX_PACKET_BYTES } from '#libs/crypto';

const MAGIC = Buffer.from('QRNG');
const NAME = /^([a-z0-9-]{1,16})-(\d{1,20})-(\d{1,20})\.qrng$/;

export function isPacketFile(name: string): boolean {
  return name.endsWith('.qrng');
}

/** Compares by collector, run and number, as far as names show them; what is named otherwise comes last. */
export function byPosition(a: string, b: string): number {
  const [x, y] = [NAME.exec(a), NAME.exec(b)];
  if (x === null || y === null) return Number(x === null) - Number(y === null);
  if (x[1] !== y[1]) return (x[1] ?? '') < (y[1] ?? '') ? -1 : 1;
  const [boot, number] = [BigInt(x[2] ?? 0) - BigInt(y[2] ?? 0), BigInt(x[3] ?? 0) - BigInt(y[3] ?? 0)];
  return Number(boot) || Number(number);
}

/**
 * What is in a file so far; undefined when there can never be a packet in it, however long it is still written to: it is no
 * regular file, too large, or begins with something else. Zeros at the beginning may be room that a writer has reserved.
 * Links are not followed.
 */
export async function contentOf(path: string): Promise<Buffer | undefined> {
  const stats = await lstat(path).catch(() => undefined);
  if (stats === undefined) return Buffer.alloc(0); // moved away in between
  if (!stats.isFile() || stats.size > MAX_PACKET_BYTES) return undefined;
  const content = await readRegular(path);
  return MAGIC.every((byte, at) => [byte, 0, undefined].includes(content[at])) ? content : undefined;
}

/** Nothing for what cannot be read, or was replaced by something that is no regular file. */
async function readRegular(path: string): Promise<Buffer> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    () => undefined,
  );
  if (file === undefined) return Buffer.alloc(0);
  try {
    const stats = await file.stat();
    return stats.isFile() && stats.size <= MAX_PACKET_BYTES ? await file.readFile() : Buffer.alloc(0);
  } finally {
    await file.close();
  }
}
