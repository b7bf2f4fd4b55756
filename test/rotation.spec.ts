/**
 * Everything that can be rotated is, the way docs/operations.md says, while clients and a collector keep on: HMAC key,
 * API key, certificate. No request fails and no packet is refused. Needs `npm run build`.
 */
import { hash, randomBytes } from 'node:crypto';
import { copyFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startSimulator } from '#libs/quantis/simulator';
import type { Simulator } from '#libs/quantis/simulator';
import { CollectorProcess, collectorEnvironment } from './support/collector.js';
import { temporaryFolder, testAuthority } from './support/gateway.js';
import { GatewayProcess } from './support/gateway-process.js';
import { ApiLoad } from './support/api-load.js';
import { TestCollector } from './support/test-collector.js';
import { until } from './support/until.js';

const folder = temporaryFolder();
const file = (name: string): string => join(folder, name);
const newKey = (): string => randomBytes(32).toString('hex');

/** As an operator does it: a new file beside the old one, then moved over it. */
function replace(name: string, text: string): void {
  writeFileSync(file('next'), text, { mode: 0o600 });
  renameSync(file('next'), file(name));
}

const apiKeys = { old: newKey(), new: newKey() };
const entry = (name: string, key: string, disabled = false) => ({
  name,
  sha256: hash('sha256', key),
  disabled,
});

let simulator: Simulator;
let gateway: GatewayProcess;
let collector: CollectorProcess;
let load: ApiLoad;

beforeAll(async () => {
  const issued = await (await testAuthority()).issue({ commonName: 'first', hosts: ['127.0.0.1'] });
  simulator = await startSimulator(issued);
  replace('gateway.hmac', newKey());
  replace('gateway.hmac.previous', '');
  copyFileSync(file('gateway.hmac'), file('collector.hmac'));
  replace('tls.crt', issued.certificatePem);
  replace('tls.key', issued.keyPem);
  replace('api-keys.json', JSON.stringify([entry('acme', apiKeys.old)]));
  gateway = await GatewayProcess.start({
    QRNG_HMAC_SECRET_KEY: undefined,
    QRNG_HMAC_SECRET_KEY_FILE: file('gateway.hmac'),
    QRNG_HMAC_SECRET_KEY_PREVIOUS_FILE: file('gateway.hmac.previous'),
    QRNG_API_KEY: undefined,
    QRNG_API_KEYS_FILE: file('api-keys.json'),
    QRNG_TLS_CERT_FILE: file('tls.crt'),
    QRNG_TLS_KEY_FILE: file('tls.key'),
    QRNG_BUFFER_SIZE: '65536',
    QRNG_BUFFER_OVERFLOW_POLICY: 'replace',
    QRNG_RATE_LIMIT_MAX: '1000000',
    QRNG_RATE_LIMIT_BURST: '1000000',
  });
  collector = new CollectorProcess(
    await collectorEnvironment({
      QRNG_APPLIANCE_URLS: simulator.url,
      QRNG_PUSH_URL: `${gateway.url}/push`,
      QRNG_HMAC_SECRET_KEY_FILE: file('collector.hmac'),
    }),
  );
  await until('the gateway is ready', async () => (await gateway.get('/health/ready')).status === 200);
  load = new ApiLoad(gateway.url, (await testAuthority()).certificatePem, apiKeys.old);
});

afterAll(async () => {
  await load.stop();
  await collector.kill();
  await gateway.close();
  await simulator.close();
});

const pushStatus = async (hmacKey: string): Promise<number> =>
  (
    await gateway.push(
      new TestCollector(hmacKey, `probe-${randomBytes(4).toString('hex')}`).seal(randomBytes(8)),
    )
  ).status;

async function packetsOf(collectorId: string): Promise<Record<string, number>> {
  const { text } = await gateway.get('/metrics');
  const samples = text.matchAll(/^qrng_packets_total\{(.*)\} (\d+)$/gm);
  return Object.fromEntries(
    [...samples]
      .filter(([, labels = '', count]) => labels.includes(`collector="${collectorId}"`) && count !== '0')
      .map(([, labels = '', count]) => [/result="(\w+)"/.exec(labels)?.[1] ?? '', Number(count)]),
  );
}

/** The SHA-256 fingerprint of the certificate that a new connection is shown. */
function certificateShown(): Promise<string | undefined> {
  const { hostname: host, port } = new URL(gateway.url);
  return new Promise((done, fail) => {
    const socket = connect({ host, port: Number(port), rejectUnauthorized: false }, () => {
      done(socket.getPeerX509Certificate()?.fingerprint256);
      socket.destroy();
    }).once('error', fail);
  });
}

describe('under load', () => {
  test('the HMAC key is rotated: gateway, collector, and the old one is taken away', async () => {
    const oldKey = gatewayKey();
    const key = newKey();
    replace('gateway.hmac.previous', oldKey);
    replace('gateway.hmac', key);
    gateway.run.child.kill('SIGHUP');
    await until('the gateway takes the new key', async () => (await pushStatus(key)) === 204);
    expect(await pushStatus(oldKey)).toBe(204);

    replace('collector.hmac', key);
    collector.signal('SIGHUP');
    await collector.logged('credentials-reloaded');
    const accepted = (await packetsOf('collector-1'))['accepted'] ?? NaN;
    await until(
      'the collector goes on with it',
      async () => ((await packetsOf('collector-1'))['accepted'] ?? 0) > accepted + 5,
    );

    replace('gateway.hmac.previous', '');
    gateway.run.child.kill('SIGHUP');
    await until('the old key is refused', async () => (await pushStatus(oldKey)) === 401);
    expect(await pushStatus(key)).toBe(204);
    expect(Object.keys(await packetsOf('collector-1'))).toEqual(['accepted']);
    expect(await gateway.metric('qrng_sequence_missing_total{collector="collector-1"}')).toBe(0);
  });

  test('an API key is rotated: a second one, the client changes over, the first is disabled', async () => {
    replace('api-keys.json', JSON.stringify([entry('acme', apiKeys.old), entry('acme-2', apiKeys.new)]));
    await until('the gateway knows the new key', async () => (await load.statusWith(apiKeys.new)) === 200);
    await load.changeOver(apiKeys.new);
    replace(
      'api-keys.json',
      JSON.stringify([entry('acme', apiKeys.old, true), entry('acme-2', apiKeys.new)]),
    );
    await until('the old key is refused', async () => (await load.statusWith(apiKeys.old)) === 401);
  });

  test('the certificate is replaced, and connections that are open stay', async () => {
    const issued = await (await testAuthority()).issue({ commonName: 'second', hosts: ['127.0.0.1'] });
    const connections = load.connectionsOpened;
    replace('tls.key', issued.keyPem);
    replace('tls.crt', issued.certificatePem);
    gateway.run.child.kill('SIGHUP');
    await until('it is shown', async () => (await certificateShown()) === issued.fingerprint256);
    await load.changeOver(apiKeys.new); // every worker has made further requests
    expect(load.connectionsOpened).toBe(connections);
  });

  test('no request failed, and no packet was refused or lost', async () => {
    await load.stop();
    expect(load.failures).toEqual([]);
    expect(load.answered).toBeGreaterThan(100);
    expect(Object.keys(await packetsOf('collector-1'))).toEqual(['accepted']);
    const { code } = await collector.stop();
    expect(code).toBe(0);
    expect(collector.log.filter(({ level }) => level >= 50)).toEqual([]);
  });
});

function gatewayKey(): string {
  return readFileSync(file('gateway.hmac'), 'utf8');
}
