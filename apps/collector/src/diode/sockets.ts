/**
 * What this process could be reached by, by the kernel's own tables (proc(5)). Of its sockets, these are allowed:
 *
 *   /proc/self/net/{tcp,tcp6}   every state but 0A, listening
 *   /proc/self/net/{udp,udp6}   connected ones: in state 07 it takes datagrams of anybody. (A DNS client connects its socket,
 *                               state 01; an unbound one is not in the table)
 *   /proc/self/net/unix         no flag 0x10000, listening, and no name for a datagram socket (type 0002)
 *
 * All others are not: raw, packet, UDP-Lite and ping sockets, which have tables, too; and those in no table, such as netlink,
 * vsock or a socket of another network namespace. Some of the last kind come and go by themselves (glibc asks netlink for
 * addresses, a socket is in no table before it connects and after it was reset): they are reported apart.
 *
 * Wrapping `listen` would miss what native code opens; these tables do not. Files are read here and now: Node's thread pool may be
 * busy with what hangs.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { errorCode, ifThere } from '#libs/files';

const TCP_LISTEN = '0A';
const UDP_UNCONNECTED = '07';
const UNIX_LISTENING = 0x10000;
const UNIX_DATAGRAM = '0002';

const INTERNET = ['tcp', 'tcp6', 'udp', 'udp6'] as const;
/** Tables of sockets of which there may be none; whether the kernel has them depends on its modules. */
const FORBIDDEN = ['raw', 'raw6', 'udplite', 'udplite6', 'icmp', 'icmp6', 'packet'] as const;
/** Devices that carry packets of others. */
const PACKET_DEVICES = /^\/dev\/(net\/tun|tap\d*|ppp|vhost-net|vhost-vsock)$/;
/** Standard input, output and error are what the starter of this process gave it. */
const FIRST_OWN_DESCRIPTOR = 3;

/** A socket that takes what others send. */
export interface OpenSocket {
  readonly table: string;
  /** As in the table: hexadecimal address and port, or the name of a Unix socket. */
  readonly address: string;
  readonly inode: string;
}

export interface Look {
  /** What takes what others send, or could. */
  readonly receiving: OpenSocket[];
  /** Inodes of sockets that are in no table. */
  readonly unknown: string[];
  /** Other ways to be reached: devices, and child processes, which could listen in turn. */
  readonly others: string[];
}

/**
 * Looks at the sockets of this process.
 *
 * @param proc `/proc/self`, or a copy of it for tests.
 * @throws when a table cannot be read; without IPv6 the tables of IPv6 are absent, which is no error.
 */
export function lookAtSockets(proc = '/proc/self'): Look {
  const { sockets, devices } = ownDescriptors(proc);
  const tables = [...INTERNET, 'unix', ...FORBIDDEN].map((table) => [table, readTable(proc, table)] as const);
  const receiving = tables
    .flatMap(([table, text]) => parseTable(table, text))
    .filter(({ inode }) => sockets.has(inode));
  const known = new Set(tables.flatMap(([table, text]) => rowsOf(text).map((row) => inodeOf(table, row))));
  const unknown = [...sockets].flatMap(([inode, descriptor]) =>
    known.has(inode) || descriptor < FIRST_OWN_DESCRIPTOR ? [] : [inode],
  );
  return { receiving, unknown, others: [...devices, ...childrenOf(proc)] };
}

/** The receiving sockets in the text of one table, of whatever process. */
export function parseTable(table: string, text: string): OpenSocket[] {
  return rowsOf(text).flatMap((fields) => {
    if (table === 'unix') return unixSocket(fields) ?? [];
    if (INTERNET.some((name) => name === table)) return inetSocket(table, fields) ?? [];
    return { table, address: fields[1] ?? '', inode: inodeOf(table, fields) };
  });
}

/** The fields of each row, without the heading. */
function rowsOf(text: string): string[][] {
  return text
    .split('\n')
    .slice(1)
    .filter((row) => row !== '')
    .map((row) => row.trim().split(/\s+/));
}

function inodeOf(table: string, fields: readonly string[]): string {
  return fields[table === 'unix' ? 6 : table === 'packet' ? 8 : 9] ?? '';
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

function readTable(proc: string, table: string): string {
  try {
    return readFileSync(`${proc}/net/${table}`, 'utf8');
  } catch (error) {
    const optional = table.endsWith('6') || FORBIDDEN.some((name) => name === table);
    if (optional && errorCode(error) === 'ENOENT') return '';
    throw error;
  }
}

/** The sockets that this process has open, each with its lowest descriptor, and devices that carry packets. */
function ownDescriptors(proc: string): { sockets: Map<string, number>; devices: string[] } {
  const sockets = new Map<string, number>();
  const devices: string[] = [];
  for (const fd of readdirSync(`${proc}/fd`)) {
    const target = linkOf(`${proc}/fd/${fd}`);
    if (PACKET_DEVICES.test(target)) devices.push(target);
    const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
    if (inode !== undefined) sockets.set(inode, Math.min(Number(fd), sockets.get(inode) ?? Infinity));
  }
  return { sockets, devices };
}

function linkOf(path: string): string {
  return ifThere(() => readlinkSync(path)) ?? ''; // closed in between
}

/** Child processes, of all threads; none on a kernel that does not list them. */
function childrenOf(proc: string): string[] {
  return textsOf(proc).flatMap((text) =>
    text
      .split(' ')
      .filter((pid) => pid !== '')
      .map((pid) => `child process ${pid}`),
  );
}

function textsOf(proc: string): string[] {
  return readdirSync(`${proc}/task`).flatMap((thread) => {
    try {
      return readFileSync(`${proc}/task/${thread}/children`, 'utf8').trim();
    } catch (error) {
      if (!['ENOENT', 'ESRCH'].includes(errorCode(error))) throw error;
      return []; // the thread ended in between
    }
  });
}
