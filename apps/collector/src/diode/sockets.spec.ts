import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { lookAtSockets, parseTable } from './sockets.js';

const HEADING =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';

/** What this process has more of while `body` runs. */
async function addedBy(open: () => Promise<{ close: () => unknown }>): Promise<string[]> {
  const before = new Set(lookAtSockets().receiving.map((socket) => socket.inode));
  const opened = await open();
  try {
    const { receiving } = lookAtSockets();
    return receiving.filter(({ inode }) => !before.has(inode)).map(({ table }) => table);
  } finally {
    opened.close();
  }
}

async function listening(...args: [number, string] | [string]): Promise<Server> {
  const server = createServer();
  server.listen(...(args as [number, string]));
  await once(server, 'listening');
  return server;
}

describe('the sockets of this process that take what others send', () => {
  test.each(['127.0.0.1', '::1'])('include a server on %s', async (address) => {
    expect(await addedBy(() => listening(0, address))).toEqual([address === '::1' ? 'tcp6' : 'tcp']);
  });

  test('include a server on a Unix socket, named or abstract', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'qrng-unix-'));
    expect(await addedBy(() => listening(join(folder, 'socket')))).toEqual(['unix']);
    expect(await addedBy(() => listening(`\0qrng-${process.pid}`))).toEqual(['unix']);
    rmSync(folder, { recursive: true });
  });

  test.each(['udp4', 'udp6'] as const)(
    'include an unconnected %s socket, and not a connected one',
    async (type) => {
      const loopback = type === 'udp4' ? '127.0.0.1' : '::1';
      const bound = async () => {
        const socket = createSocket(type).bind(0, loopback);
        await once(socket, 'listening');
        return socket;
      };
      expect(await addedBy(bound)).toEqual([type === 'udp4' ? 'udp' : 'udp6']);
      const connected = async () => {
        const socket = createSocket(type);
        socket.connect(9, loopback);
        await once(socket, 'connect');
        return socket;
      };
      expect(await addedBy(connected)).toEqual([]);
    },
  );

  test('do not include a connection to somebody else', async () => {
    const server = await listening(0, '127.0.0.1');
    const client = async () => {
      const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
      await once(socket, 'connect');
      return { close: () => socket.destroy() };
    };
    expect(await addedBy(client)).toEqual([]);
    server.close();
  });
});

describe('a look at a process', () => {
  const TABLES = ['tcp', 'tcp6', 'udp', 'udp6', 'unix', 'raw', 'packet', 'udplite'];
  const row = (inode: number, state = '01'): string =>
    `  0: 0100007F:0001 0100007F:0002 ${state} 00000000:00000000 00:00000000 00000000 0 0 ${inode} 2 0\n`;
  const folders: string[] = [];
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  });

  /** What /proc/self would be: descriptors from 3 on, tables, child processes. */
  function process(links: readonly string[], tables: Record<string, string>, children = ''): string {
    const proc = mkdtempSync(join(tmpdir(), 'qrng-proc-'));
    folders.push(proc);
    for (const folder of ['fd', 'net', 'task/7']) mkdirSync(join(proc, folder), { recursive: true });
    for (const [index, link] of links.entries()) symlinkSync(link, join(proc, 'fd', String(index + 3)));
    for (const name of TABLES) writeFileSync(join(proc, 'net', name), HEADING + (tables[name] ?? ''));
    writeFileSync(join(proc, 'task/7/children'), children);
    return proc;
  }

  test('finds nothing where all sockets are connected', () => {
    const proc = process(['socket:[5]', 'socket:[6]', '/dev/null'], {
      tcp: row(5),
      udp: row(6) + row(7, '07'),
    });
    expect(lookAtSockets(proc)).toEqual({ receiving: [], unknown: [], others: [] });
  });

  test.each([
    ['raw', row(5)],
    ['udplite', row(5)],
    ['packet', 'ffff 3 3 0003 2 1 0 0 5\n'],
  ])('finds a socket of the table %s, whatever its state', (table, rows) => {
    const { receiving } = lookAtSockets(process(['socket:[5]'], { [table]: rows }));
    expect(receiving).toMatchObject([{ table, inode: '5' }]);
  });

  test('finds sockets that are in no table: netlink, vsock, another network namespace', () => {
    expect(lookAtSockets(process(['socket:[5]', 'socket:[6]'], { tcp: row(5) })).unknown).toEqual(['6']);
  });

  test('finds devices that carry packets, and child processes', () => {
    const proc = process(['/dev/net/tun', '/dev/vhost-vsock', '/dev/tty'], {}, '41 42 ');
    expect(lookAtSockets(proc).others).toEqual([
      '/dev/net/tun',
      '/dev/vhost-vsock',
      'child process 41',
      'child process 42',
    ]);
  });
});

describe('a table of the kernel', () => {
  test('gives listening sockets with their inode', () => {
    const rows =
      '   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 12345 1 0000 100 0 0 10 0\n' +
      '   1: 0100007F:1F91 0100007F:0050 01 00000000:00000000 00:00000000 00000000  1000        0 12346 1 0000 20 4 30 10 -1\n';
    expect(parseTable('tcp', HEADING + rows)).toEqual([
      { table: 'tcp', address: '0100007F:1F90', inode: '12345' },
    ]);
  });

  test('of Unix sockets gives listening ones, and datagram sockets with a name', () => {
    const text =
      'Num       RefCount Protocol Flags    Type St Inode Path\n' +
      '0: 00000002 00000000 00010000 0001 01 11 /run/a\n' +
      '0: 00000003 00000000 00000000 0001 03 12\n' +
      '0: 00000002 00000000 00000000 0002 01 13 /run/b\n' +
      '0: 00000002 00000000 00000000 0002 01 14\n';
    expect(parseTable('unix', text).map(({ inode }) => inode)).toEqual(['11', '13']);
  });

  test('that cannot be read is an error: nothing is proven then', () => {
    expect(() => lookAtSockets('/nowhere')).toThrow('ENOENT');
  });
});
