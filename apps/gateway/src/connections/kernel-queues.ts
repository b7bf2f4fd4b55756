/**
 * What the kernel holds of answers, by its own tables (proc(5), /proc/net/tcp): for each connection the bytes that its client's machine has
 * not acknowledged. Node has no call for that.
 */
import { readFile } from 'node:fs/promises';
import { endianness } from 'node:os';
import type { Socket } from 'node:net';
import ipaddr from 'ipaddr.js';

const TABLES = ['/proc/self/net/tcp', '/proc/self/net/tcp6'];

/** A row: number, own address and port, those of the other end, state, bytes that are sent and not acknowledged. */
const ROW = /^ *\d+: [0-9A-F]+:([0-9A-F]{4}) ([0-9A-F]+:[0-9A-F]{4}) [0-9A-F]{2} ([0-9A-F]{8}):/gm;

/** Unacknowledged bytes by endsOf(); undefined where the tables cannot be read: not every machine has them. */
export async function kernelQueues(tables = TABLES): Promise<Map<string, number> | undefined> {
  const texts = await Promise.all(tables.map(readTable));
  if (texts.every((text) => text === undefined)) return undefined;
  const queues = new Map<string, number>();
  for (const text of texts) {
    for (const [, port, peer, queue = ''] of (text ?? '').matchAll(ROW)) {
      const ends = `${port} ${peer}`;
      // Should the gateway have two addresses, and a client one port to both.
      queues.set(ends, (queues.get(ends) ?? 0) + parseInt(queue, 16));
    }
  }
  return queues;
}

/** The ends of a connection as they stand in the tables: the port of this one, address and port of the other one. */
export function endsOf({ localPort = 0, remoteAddress = '', remotePort = 0 }: Socket): string {
  const port = (number: number): string => number.toString(16).toUpperCase().padStart(4, '0');
  return `${port(localPort)} ${hexOf(remoteAddress)}:${port(remotePort)}`;
}

/** Words of four bytes, each as the machine's processor has them in memory. */
function hexOf(address: string): string {
  if (!ipaddr.isValid(address)) return '';
  const bytes = Buffer.from(ipaddr.parse(address).toByteArray());
  return (endianness() === 'LE' ? bytes.swap32() : bytes).toString('hex').toUpperCase();
}

/** A look that fails, as one does while there are no file descriptors left, is no reason to end: the next one comes soon. */
function readTable(path: string): Promise<string | undefined> {
  return readFile(path, 'latin1').catch(() => undefined);
}
