/** Keys of single collectors: one of them cannot speak for another, and a stolen key locks nobody out. */
import { randomBytes } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { MacKey } from '#libs/crypto';
import { gatewayEnvironment, temporaryFolder } from '../support/gateway.js';
import { GatewayProcess, ProcessRun } from '../support/gateway-process.js';
import { TestCollector } from '../support/test-collector.js';
import { until } from '../support/until.js';

const open: GatewayProcess[] = [];
afterEach(async () => {
  for (const gateway of open.splice(0)) await gateway.close();
});

const newKey = (): string => randomBytes(32).toString('hex');
const [shared, one, two] = [newKey(), newKey(), newKey()];

/** A file that holds these entries now, and others after `put`. */
class KeysFile {
  readonly path = join(temporaryFolder(), 'collector-keys.json');

  constructor(...entries: object[]) {
    this.put(...entries);
  }

  put(...entries: object[]): void {
    writeFileSync(`${this.path}.new`, JSON.stringify(entries));
    renameSync(`${this.path}.new`, this.path);
  }
}

async function start(file: KeysFile, env: Record<string, string | undefined> = {}): Promise<GatewayProcess> {
  const gateway = await GatewayProcess.start({
    QRNG_HMAC_SECRET_KEY: shared,
    QRNG_COLLECTOR_KEYS_FILE: file.path,
    ...env,
  });
  open.push(gateway);
  return gateway;
}

async function push(gateway: GatewayProcess, collector: TestCollector): Promise<number> {
  return (await gateway.push(collector.seal(randomBytes(8)))).status;
}

describe('a gateway with a file of the collectors’ keys', () => {
  test('takes packets of each under its own key alone, of all others under the shared one', async () => {
    const gateway = await start(
      new KeysFile({ collector: 'lab-1', key: one }, { collector: 'lab-2', key: two }),
    );
    expect(await push(gateway, new TestCollector(one, 'lab-1'))).toBe(204);
    expect(await push(gateway, new TestCollector(two, 'lab-2'))).toBe(204);
    expect(await push(gateway, new TestCollector(shared, 'lab-3'))).toBe(204);
    expect(await push(gateway, new TestCollector(one, 'lab-2'))).toBe(401);
    expect(await push(gateway, new TestCollector(shared, 'lab-1'))).toBe(401);
    expect(await push(gateway, new TestCollector(one, 'lab-3'))).toBe(401);
  });

  test('needs no shared key then', async () => {
    const file = new KeysFile({ collector: 'lab-1', key: one });
    const gateway = await start(file, { QRNG_HMAC_SECRET_KEY: undefined });
    expect(await push(gateway, new TestCollector(one, 'lab-1'))).toBe(204);
    expect(await push(gateway, new TestCollector(shared, 'lab-3'))).toBe(401);
  });

  test('reads it again when it changes; an invalid one is refused as a whole', async () => {
    const file = new KeysFile({ collector: 'lab-1', key: one });
    const gateway = await start(file);
    file.put({ collector: 'lab-1', key: two, previous: one });
    const collector = new TestCollector(two, 'lab-1');
    await until('the new key is taken', async () => (await push(gateway, collector)) === 204);
    const old = new TestCollector(one, 'lab-1', collector.boot + 1n);
    expect(await push(gateway, old)).toBe(204);

    file.put({ collector: 'lab-1', key: 'hunter2' });
    const { reason } = await gateway.run.logged('hmac-keys-refused');
    expect(reason).toMatch(/^QRNG_COLLECTOR_KEYS_FILE must be .*key 1: key must be/);
    expect(reason).not.toContain('hunter2');
    expect(await push(gateway, old)).toBe(204);

    file.put({ collector: 'lab-1', key: two, expires: '2026-01-01' });
    await until('the key has expired', async () => (await push(gateway, old)) === 401);
    expect(await push(gateway, collector)).toBe(401);
  });

  test('begins to take a key, and ends, at its dates, without a change of the file', async () => {
    const file = new KeysFile();
    const gateway = await start(file); // however long that takes, the dates are still to come
    const instant = (inMs: number): string => new Date(Date.now() + inMs).toISOString();
    file.put({ collector: 'lab-1', key: one, notBefore: instant(2500), expires: instant(8000) });
    gateway.run.child.kill('SIGHUP');
    const collector = new TestCollector(one, 'lab-1');
    const statuses: number[] = [];
    const changed = async (): Promise<boolean> => {
      statuses.push(await push(gateway, collector));
      return statuses.includes(204) && statuses.at(-1) === 401;
    };
    await until('it has begun and ended', changed);
    expect(
      await gateway.metric(`qrng_packets_by_key_total{key_id="${MacKey.fromHex(one).id}"}`),
    ).toBeUndefined();
  });

  test('a collector is not bound by what others sealed in its name under the shared key', async () => {
    const file = new KeysFile();
    const gateway = await start(file);
    const impostor = new TestCollector(shared, 'lab-1', BigInt(Date.now() + 50_000));
    expect((await gateway.push(impostor.seal(randomBytes(8), { sequence: 2n ** 64n - 1n }))).status).toBe(
      204,
    );
    const honest = new TestCollector(one, 'lab-1');
    file.put({ collector: 'lab-1', key: one });
    await until('its own key is taken', async () => (await push(gateway, honest)) === 204);
    expect(await push(gateway, impostor)).toBe(401);
  });
});

test.each([
  ['that is not there', undefined, /^QRNG_COLLECTOR_KEYS_FILE must be /],
  [
    'with an invalid entry',
    [{ collector: 'lab-1' }],
    /^QRNG_COLLECTOR_KEYS_FILE must be a file of .*key 1: key must/,
  ],
  [
    'with the shared key',
    [{ collector: 'lab-1', key: shared }],
    /^QRNG_COLLECTOR_KEYS_FILE must not hold a key that/,
  ],
])('a file %s ends the start with 78', async (_, content, problem) => {
  const path = join(temporaryFolder(), 'keys.json');
  if (content !== undefined) writeFileSync(path, JSON.stringify(content));
  const env = await gatewayEnvironment({ QRNG_HMAC_SECRET_KEY: shared, QRNG_COLLECTOR_KEYS_FILE: path });
  const run = new ProcessRun(env);
  expect(await run.ended).toEqual({ code: 78, signal: null });
  expect(run.errors).toMatch(problem);
});
