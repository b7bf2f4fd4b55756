/** Which Redis a gateway takes, and how it says that it does not take one. */
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterEach, describe, expect, test } from '@jest/globals';
import { readSettings } from '#libs/settings';
import { exchange } from '../../apps/gateway/src/limits/redis/exchange-script.js';
import * as slices from '../../apps/gateway/src/limits/redis/slice-scripts.js';
import { admit } from '../../apps/gateway/src/pool/redis/admit-script.js';
import { lease } from '../../apps/gateway/src/pool/redis/lease-script.js';
import { JOIN } from '../../apps/gateway/src/redis/deployment.js';
import { RedisConnection } from '../../apps/gateway/src/redis/redis-connection.js';
import { probeCommands } from '../../apps/gateway/src/redis/redis-probe.js';
import { RedisError } from '../../apps/gateway/src/redis/redis-error.js';
import { GatewaySettings } from '../../apps/gateway/src/settings.js';
import { TestKeys } from '../support/api-keys.js';
import { gatewayEnvironment, startGateway, temporaryFolder, testAuthority } from '../support/gateway.js';
import type { TestGateway } from '../support/gateway.js';
import { describeWithRedis, RedisServer, silent, testDeployment } from '../support/redis-server.js';
import { until } from '../support/until.js';

const closing: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of closing.splice(0).reverse()) await one.close();
});

async function startServer(...settings: string[]): Promise<RedisServer> {
  const server = await RedisServer.start(...settings);
  closing.push({ close: () => server.kill() });
  return server;
}

async function start(env: Record<string, string | undefined>): Promise<TestGateway> {
  const gateway = await startGateway(env);
  closing.push(gateway);
  return gateway;
}

/** The rules of the ACL user in docs/scaling.md. */
function documentedRights(password: string): string[] {
  const manual = readFileSync(join(import.meta.dirname, '../../docs/scaling.md'), 'utf8');
  const rules = /^ACL SETUSER gateway (.+)$/m.exec(manual)?.[1]?.split(' ') ?? [];
  return rules.map((rule) => rule.replace('PASSWORD', password));
}

async function connect(url: string): Promise<RedisConnection> {
  const redis = await RedisConnection.open(url, silent, testDeployment);
  closing.push(redis);
  return redis;
}

describe('the settings', () => {
  test.each(['redis://h', 'rediss://user:p%40ss@h:6380/2', 'redis://:secret@[::1]:7000', 'redis://h/'])(
    '%s is a Redis URL',
    async (url) => {
      const env = await gatewayEnvironment({ QRNG_REDIS_URL: url });
      expect(readSettings(GatewaySettings, env).settings.QRNG_REDIS_URL).toBe(url);
    },
  );

  test.each(['h:6379', 'http://h', 'redis://', 'redis://h/x', 'redis://h?db=1', 'unix:///run/redis'])(
    '%s is none',
    async (url) => {
      const env = await gatewayEnvironment({ QRNG_REDIS_URL: url });
      expect(() => readSettings(GatewaySettings, env)).toThrow(/^QRNG_REDIS_URL must be redis:/);
    },
  );

  test('QRNG_INGEST=off needs a shared pool, and no HMAC key', async () => {
    const env = await gatewayEnvironment({ QRNG_INGEST: 'off', QRNG_HMAC_SECRET_KEY: undefined });
    expect(() => readSettings(GatewaySettings, env)).toThrow(/^QRNG_INGEST must be on, or/);
    const shared = { ...env, QRNG_REDIS_URL: 'redis://h' };
    expect(readSettings(GatewaySettings, shared).settings.QRNG_INGEST).toBe('off');
    expect(() => readSettings(GatewaySettings, { ...shared, QRNG_INGEST: 'on' })).toThrow(
      /^QRNG_HMAC_SECRET_KEY/,
    );
  });
});

describeWithRedis('Redis as it is configured', () => {
  const keys = new TestKeys({ frugal: { bytesPerDay: 1000 } });

  test('an ACL user with the rights of docs/scaling.md, which are those that the scripts use', async () => {
    const server = await startServer();
    await server.command('ACL', 'SETUSER', 'gateway', ...documentedRights('p@ss'));
    const env = {
      QRNG_REDIS_URL: `redis://gateway:p%40ss@127.0.0.1:${server.port}`,
      QRNG_API_KEYS_FILE: keys.path,
      QRNG_RATE_LIMIT_MAX: '6',
    };
    const gateway = await start(env);
    await gateway.fill(600_000);
    const headers = keys.bearer('frugal');
    const paths = ['random', 'random', 'integers', 'usage', 'random?bytes=1000', 'random', 'random'];
    const statuses: number[] = [];
    for (const path of paths) statuses.push((await gateway.request(`/api/${path}`, { headers })).status);
    expect(statuses).toEqual([200, 200, 200, 200, 429, 200, 429]);
    expect((await gateway.request('/api/random')).status).toBe(401);
    expect((await gateway.get('/health/ready')).status).toBe(200);
    await gateway.close();
    expect(await server.command('ACL', 'LOG')).toEqual([]);

    const scripts = [admit, lease, exchange, slices.lease, slices.giveBack].map(({ source }) => source);
    const used = [JOIN, ...scripts].flatMap((source) =>
      [...source.matchAll(/redis\.call\('([A-Z]+)'/g)].map(([, command = '']) => command.toLowerCase()),
    );
    const tried = probeCommands('qrng').map(([command = '']) => command.toLowerCase());
    expect([...new Set(tried)].toSorted()).toEqual(
      [...new Set(used)].filter((command) => command !== 'info').toSorted(),
    );
    const granted = documentedRights('').filter((rule) => rule.startsWith('+'));
    const commands = new Set(['eval', 'evalsha', 'info', 'config|get', ...used]);
    expect(granted.toSorted()).toEqual([...commands].map((command) => `+${command}`).toSorted());
  });

  test('TLS with a private CA; a certificate of another CA is refused', async () => {
    const folder = temporaryFolder();
    const authority = await testAuthority();
    const { certificatePem, keyPem } = await authority.issue({ commonName: 'redis', hosts: ['127.0.0.1'] });
    writeFileSync(join(folder, 'redis.pem'), certificatePem);
    writeFileSync(join(folder, 'redis.key'), keyPem, { mode: 0o600 });
    const server = await RedisServer.startTls(join(folder, 'redis.pem'), join(folder, 'redis.key'));
    closing.push({ close: () => server.kill() });

    const stranger = await start({ QRNG_REDIS_URL: server.url });
    expect((await stranger.get('/health/ready')).text).toMatch(/unable to|self-signed certificate/);
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      expect((await connect(server.url)).fault).toMatch(/unable to|self-signed certificate/);
    } finally {
      delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    }
    // What NODE_EXTRA_CA_CERTS does at the start of a process.
    const known = getCACertificates('default');
    setDefaultCACertificates([...known, authority.certificatePem]);
    closing.push({ close: () => setDefaultCACertificates(known) });
    const gateway = await start({ QRNG_REDIS_URL: server.url });
    await gateway.fill(600_000);
    expect((await gateway.get('/api/random')).status).toBe(200);
  });

  test('a command that it refuses is logged, once a minute', async () => {
    const server = await startServer();
    await server.command('ACL', 'SETUSER', 'gateway', 'on', '>secret', '~*', '+@all', '-rpush');
    const refusals: string[] = [];
    const url = `redis://gateway:secret@127.0.0.1:${server.port}`;
    const log = { ...silent, refused: (message: string) => refusals.push(message) };
    const redis = await RedisConnection.open(url, log, testDeployment);
    closing.push(redis);
    for (let i = 0; i < 3; i++) {
      await expect(redis.run((client) => client.rPush('key', 'value'))).rejects.toThrow(RedisError);
    }
    expect(refusals).toEqual([expect.stringMatching(/^NOPERM .*rpush/)]);
  });

  test.each([
    ['a wrong password', ['>other'], /^refuses: WRONGPASS/],
    ['INFO forbidden', ['>secret', '-info'], /^does not allow what the gateway needs .*'info'/i],
    ['scripts forbidden', ['>secret', '-@scripting'], /^does not allow what the gateway needs .*'eval'/i],
  ])('%s is no Redis to be used, and it says why', async (_, rules, fault) => {
    const server = await startServer();
    await server.command('ACL', 'SETUSER', 'gateway', 'on', '~*', '+@all', ...rules);
    const redis = await connect(`redis://gateway:secret@127.0.0.1:${server.port}`);
    expect([redis.refused, redis.fault]).toEqual([true, expect.stringMatching(fault)]);
    await expect(redis.run((client) => client.ping())).rejects.toThrow(RedisError);
    expect(redis.fault).not.toContain('secret');
  });

  test('a read-only replica is none either, until it is promoted', async () => {
    const primary = await startServer();
    const replica = await startServer('--replicaof', `127.0.0.1 ${primary.port}`);
    const redis = await connect(replica.url);
    expect([redis.refused, redis.fault]).toEqual([true, expect.stringContaining('read-only replica')]);
    await replica.command('REPLICAOF', 'NO', 'ONE');
    await until('the promoted server is taken', () => redis.fault === undefined);
  });

  test('settings that are not as they should be are warnings', async () => {
    const server = await startServer(
      '--maxmemory-policy',
      'allkeys-lru',
      '--appendonly',
      'yes',
      '--save',
      '60 1',
    );
    const { warnings } = await connect(server.url);
    expect(warnings.map((warning) => /^Redis: ([a-z-]+) /.exec(warning)?.[1])).toEqual([
      'maxmemory-policy',
      'appendonly',
      'save',
    ]);
  });

  test('and are listed in /api/status', async () => {
    const server = await startServer('--maxmemory-policy', 'allkeys-lru');
    const gateway = await start({ QRNG_REDIS_URL: server.url });
    const { text } = await gateway.get('/api/status');
    const { warnings } = JSON.parse(text) as { warnings: string[] };
    expect(warnings).toContainEqual(expect.stringMatching(/^Redis: maxmemory-policy /));
  });

  test('a gateway starts without its Redis, not ready, and takes it when it comes', async () => {
    const server = await startServer();
    await server.kill();
    const gateway = await start({ QRNG_REDIS_URL: server.url });
    const { status, headers } = await gateway.get('/health/ready');
    expect([status, headers['retry-after']]).toEqual([503, '1']);
    // Where Redis is concerns nobody outside.
    for (const path of [
      '/health',
      '/health/ready',
      '/health/live',
      '/api/status',
      '/metrics',
      '/api/random',
    ]) {
      expect((await gateway.get(path)).text).not.toMatch(new RegExp(`127\\.0\\.0\\.1|:${server.port}`));
    }
    expect((await gateway.push(gateway.collector.seal(randomBytes(10)))).status).toBe(503);
    await server.restart();
    await until(
      'a packet is taken',
      async () => (await gateway.push(gateway.collector.seal(randomBytes(1024 * 1024)))).status === 204,
    );
    expect((await gateway.get('/health/ready')).status).toBe(200);
    expect(await gateway.metric('qrng_redis_up')).toBe(1);
  });

  test('QRNG_INGEST=off serves from the shared pool and has no /push', async () => {
    const server = await startServer();
    const inner = await start({ QRNG_REDIS_URL: server.url });
    const outer = await start({
      QRNG_REDIS_URL: server.url,
      QRNG_INGEST: 'off',
      QRNG_HMAC_SECRET_KEY: undefined,
    });
    expect((await outer.push(inner.collector.seal(randomBytes(10)))).status).toBe(404);
    await inner.fill(1000);
    expect((await outer.get('/api/random?bytes=1000')).status).toBe(200);
    expect((await inner.get('/api/random?bytes=1')).status).toBe(503);
  });

  test('gateways of one machine share a port', async () => {
    const server = await startServer();
    const first = await start({ QRNG_REDIS_URL: server.url });
    const address = first.url.replace('https://', '');
    const second = await start({
      ...first.env,
      QRNG_STATE_DIR: temporaryFolder(),
      QRNG_LISTEN_ADDRESS: address,
    });
    expect(second.url).toBe(first.url);
    await expect(start({ QRNG_LISTEN_ADDRESS: address })).rejects.toThrow(/EADDRINUSE/);
  });
});
