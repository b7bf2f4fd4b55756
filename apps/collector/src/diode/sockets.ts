/**
 * Which sockets of this process take what others send, by the kernel's own tables (proc(5)):
 *
 *   /proc/self/fd/N -> socket:[inode]     which sockets are ours
 *   /proc/self/net/{tcp,tcp6}             state 0A: listening
 *   /proc/self/net/{udp,udp6}             state 07: bound but not connected, so that it takes datagrams of anybody.
 *                                         (A DNS client connects its socket, state 01; an unbound one is not in the table)
 *   /proc/self/net/unix                   flag 0x10000: listening; or a datagram socket (type 0002) with a name
 *
 * Wrapping `listen` would miss what native code opens; these tables do not.
 */
import { readdir, readFile, readlink } from 'node:fs/promises';
import { errorCode } from '#libs/files';

const TCP_LISTEN = '0A';
const UDP_UNCONNECTED = '07';
const UNIX_LISTENING = 0x10000;
const UNIX_DATAGRAM = '0002';

/** A socket that takes what others send. */
export interface OpenSocket {
  readonly table: string;
  /** As in the table: hexadecimal address and port, or the name of a Unix socket. */
  readonly address: string;
  readonly inode: string;
}

/**
 * The receiving sockets of this process.
 *
 * @param proc `/proc/self`, or a copy of it for tests.
 * @throws when a table cannot be read; without IPv6 the tables of IPv6 are absent, which is no error.
 */
export async function receivingSockets(proc = '/proc/self'): Promise<OpenSocket[]> {
  const found: OpenSocket[] = [];
  for (const table of ['tcp', 'tcp6', 'udp', 'udp6', 'unix']) {
    found.push(...parseTable(table, await readTable(proc, table)));
  }
  if (found.length === 0) return []; // nothing listens on this host at all
  const mine = await ownInodes(proc);
  return found.filter((socket) => mine.has(socket.inode));
}

/** The receiving sockets in the text of one table, of whatever process. */
export function parseTable(table: string, text: string): OpenSocket[] {
  const rows = text.split('\n').slice(1); // without the heading
  return rows.flatMap((row) => {
    const fields = row.trim().split(/\s+/);
    return (table === 'unix' ? unixSocket(fields) : inetSocket(table, fields)) ?? [];
  });
}

function inetSocket(table: string, fields: string[]): OpenSocket | undefined {
  const [, address, , state] = fields;
  const inode = fields[9];
  if (address === undefined || inode === undefined) return undefined;
  return state === (table.startsWith('tcp') ? TCP_LISTEN : UDP_UNCONNECTED)
    ? { table, address, inode }
    : undefined;
}

function unixSocket(fields: string[]): OpenSocket | undefined {
  const [, , , flags, type, , inode, address = ''] = fields;
  if (flags === undefined || inode === undefined) return undefined;
  const listening = (Number.parseInt(flags, 16) & UNIX_LISTENING) !== 0;
  return listening || (type === UNIX_DATAGRAM && address !== '')
    ? { table: 'unix', address, inode }
    : undefined;
}

async function readTable(proc: string, table: string): Promise<string> {
  try {
    return await readFile(`${proc}/net/${table}`, 'utf8');
  } catch (error) {
    if (table.endsWith('6') && errorCode(error) === 'ENOENT') return '';
    throw error;
  }
}

async function ownInodes(proc: string): Promise<Set<string>> {
  const inodes = new Set<string>();
  for (const fd of await readdir(`${proc}/fd`)) {
    try {
      const inode = /^socket:\[(\d+)\]$/.exec(await readlink(`${proc}/fd/${fd}`))?.[1];
      if (inode !== undefined) inodes.add(inode);
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error; // else closed in between
    }
  }
  return inodes;
}
