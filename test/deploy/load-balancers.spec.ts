/** deploy/haproxy and deploy/nginx with Debian's haproxy and nginx, as docs/load-balancers.md describes them. Needs `npm run build`. */
import { readdirSync, readFileSync } from 'node:fs';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';
import { afterEach, expect, test } from '@jest/globals';
import { Agent, request } from 'undici';
import { ApiLoad } from '../support/api-load.js';
import { Balanced } from '../support/balanced.js';
import { testAuthority } from '../support/gateway.js';
import { TestCollector } from '../support/test-collector.js';
import { until } from '../support/until.js';
import { describeWith } from '../support/programs.js';

const REPLACED = { '192.0.2.11:7764': 0, '192.0.2.12:7764': 1 } as const;
/** Where a client of this test connects from. */
const CLIENT = '127.0.0.77';

let balanced: Balanced;
afterEach(() => balanced.close());

/** The addresses and paths of the files, as they are here. */
function here(changes: Record<string, string>): Record<string, string> {
  const gateways = Object.entries(REPLACED).map(([from, index]) => [
    from,
    `127.0.0.1:${balanced.ports[index]}`,
  ]);
  return {
    ...(Object.fromEntries(gateways) as Record<string, string>),
    'gateway.example.com': 'localhost',
    ...changes,
  };
}

/** The status of a request without a valid key, from an address of its own, and what it claims about itself. */
async function failFrom(address: string): Promise<string> {
  const socket = connectTls({
    socket: connect({ host: '127.0.0.1', port: balanced.apiPort, localAddress: address }),
    rejectUnauthorized: false,
  });
  socket.write(
    'GET /api/random HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 198.51.100.66\r\nConnection: close\r\n\r\n',
  );
  return text(socket);
}

function auditSources(): string[] {
  return balanced.gateways.flatMap(({ env }) => {
    const folder = join(env['QRNG_STATE_DIR'] ?? '', 'audit');
    return readdirSync(folder)
      .filter((name) => name.endsWith('.jsonl'))
      .flatMap((name) => readFileSync(join(folder, name), 'utf8').trim().split('\n'))
      .map((line) => String((JSON.parse(line) as { source?: string }).source));
  });
}

/** The status of a push without a client certificate, to this host. */
async function pushWithoutCertificate(host: string): Promise<number> {
  const dispatcher = new Agent({ connect: { ca: (await testAuthority()).certificatePem } });
  const packet = new TestCollector(balanced.gateways[0]?.env['QRNG_HMAC_SECRET_KEY'] ?? '').seal(
    Buffer.alloc(32, 7),
  );
  const headers = { 'content-type': 'application/octet-stream' };
  const url = `https://${host}:${balanced.pushPort}/push`;
  const { statusCode, body } = await request(url, { dispatcher, method: 'POST', headers, body: packet });
  await body.dump();
  await dispatcher.destroy();
  return statusCode;
}

/**
 * Fills the two empty gateways through the load balancer, restarts both under load, one after the other, and returns what failed.
 *
 * @param isUp whether the load balancer uses this gateway again.
 */
async function rollingRestart(host: string, isUp: (index: number) => Promise<boolean>): Promise<string[]> {
  const collector = await balanced.collect(host);
  for (const index of [0, 1]) await balanced.ready(index);
  for (const index of [0, 1]) await until('the load balancer knows', () => isUp(index));
  const apiKey = balanced.gateways[0]?.apiKey ?? '';
  const load = new ApiLoad(balanced.apiUrl, (await testAuthority()).certificatePem, apiKey);
  for (const index of [0, 1]) {
    const before = load.answered;
    await until('requests are answered', () => load.answered > before + 100 || load.failures.length > 0);
    await balanced.restart(index);
    await balanced.ready(index);
    await until('the load balancer knows', () => isUp(index));
  }
  await load.stop();
  const { code, dropped, unaccounted } = await collector.stop();
  expect({ code, unaccounted }).toEqual({ code: 0, unaccounted: 0 });
  const lost = Object.entries(dropped as Record<string, number>).filter(([, bytes]) => bytes > 0);
  return [...load.failures, ...lost.map(([reason, bytes]) => `${bytes} bytes dropped: ${reason}`)];
}

/** What comes back for a request without TLS. */
async function withoutTls(): Promise<string> {
  const socket = connect(balanced.apiPort, '127.0.0.1');
  let said = '';
  socket.on('data', (bytes: Buffer) => (said += bytes.toString()));
  socket.on('error', () => undefined); // a reset is one way of being closed
  socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await once(socket, 'close');
  return said;
}

const asRoot = process.getuid?.() === 0 ? test : test.skip;

describeWith(['haproxy', 'redis-server'], 'haproxy.cfg', () => {
  async function start(): Promise<void> {
    balanced = await Balanced.start(false);
    await balanced.balance('haproxy', 'deploy/haproxy/haproxy.cfg', ['-db', '-f'], {
      ...here({}),
      'bind :7764': `bind 127.0.0.1:${balanced.pushPort}`,
      '/etc/haproxy/gateway-ca.crt': balanced.file('ca.pem'),
      '/run/haproxy/admin.sock': balanced.file('admin.sock'),
      'qrng-in.example.com': 'localhost',
    });
  }

  /** Whether both of a gateway's servers are used: operational state 2 in "show servers state". */
  async function isUp(index: number): Promise<boolean> {
    const socket = connect(balanced.file('admin.sock'));
    socket.write('show servers state\n');
    const rows = (await text(socket)).split('\n').map((line) => line.split(' '));
    const states = rows.filter((row) => row[3] === `gateway-${index + 1}`).map((row) => row[5]);
    return states.length === 2 && states.every((state) => state === '2');
  }

  asRoot(
    'fills two empty gateways, passes certificates and addresses on, and a rolling restart fails no request',
    async () => {
      await start();
      expect(await pushWithoutCertificate('localhost')).toBe(401);
      expect(await rollingRestart('localhost', isUp)).toEqual([]);
      expect(await withoutTls()).toBe('');
      expect(await failFrom(CLIENT)).toMatch(/^HTTP\/1\.1 401 /);
      await until('the line is there', () => auditSources().includes(CLIENT));
      expect(auditSources()).not.toContain('198.51.100.66');
    },
  );
});

describeWith(['nginx', 'ngx_stream_module.so', 'redis-server'], 'nginx.conf', () => {
  async function start(): Promise<void> {
    balanced = await Balanced.start(true);
    const { certificatePem, keyPem } = await (
      await testAuthority()
    ).issue({ commonName: 'balancer', hosts: ['127.0.0.1', 'localhost'] });
    await balanced.balance('nginx', 'deploy/nginx/nginx.conf', ['-g', 'daemon off;', '-c'], {
      ...here({}),
      'listen 7764': `listen 127.0.0.1:${balanced.pushPort}`,
      'listen 443': `listen 127.0.0.1:${balanced.apiPort}`,
      'allow 198.51.100.20': 'allow 127.0.0.1',
      '/run/nginx.pid': balanced.file('nginx.pid'),
      '/var/log/nginx/': `${balanced.folder}/`,
      '/etc/nginx/qrng/tls.crt': balanced.write('balancer.crt', certificatePem),
      '/etc/nginx/qrng/tls.key': balanced.write('balancer.key', keyPem),
      '/etc/nginx/qrng/gateway-ca.crt': balanced.file('ca.pem'),
    });
  }

  asRoot(
    'fills two empty gateways, passes certificates and addresses on, and a rolling restart fails no request',
    async () => {
      await start();
      expect(await pushWithoutCertificate('localhost')).toBe(401);
      expect(await rollingRestart('127.0.0.1', () => Promise.resolve(true))).toEqual([]);
      expect(await failFrom(CLIENT)).toMatch(/^HTTP\/1\.1 401 /);
      await until('the line is there', () => auditSources().includes(CLIENT));
      expect(auditSources()).not.toContain('198.51.100.66');
    },
  );
});
