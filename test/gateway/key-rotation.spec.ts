import { randomBytes } from 'node:crypto';
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { MacKey } from '#libs/crypto';
import { temporaryFolder } from '../support/gateway.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { TestCollector } from '../support/test-collector.js';
import { until } from '../support/until.js';

const open: GatewayProcess[] = [];
afterEach(async () => {
  for (const gateway of open.splice(0)) await gateway.close();
});

/** A mounted secret as Kubernetes does it: files are links into a directory that is swapped as one. */
class MountedSecret {
  readonly folder = temporaryFolder();
  #version = 0;

  write(files: Record<string, string>): void {
    const version = join(this.folder, `..v${++this.#version}`);
    mkdirSync(version);
    for (const [name, content] of Object.entries(files)) writeFileSync(join(version, name), content);
    symlinkSync(version, join(this.folder, '..new'));
    renameSync(join(this.folder, '..new'), join(this.folder, '..data'));
  }

  /** Links the names of the files, which exist from then on. */
  link(...names: string[]): void {
    for (const name of names) symlinkSync(join(this.folder, '..data', name), join(this.folder, name));
  }

  path(name: string): string {
    return join(this.folder, name);
  }
}

test('HMAC keys are rotated without a restart: gateway first, then the collector, then the old key goes', async () => {
  const [oldKey, newKey] = [randomBytes(32).toString('hex'), randomBytes(32).toString('hex')];
  const secret = new MountedSecret();
  secret.write({ current: `${oldKey}\n`, previous: '' });
  secret.link('current', 'previous');
  const gateway = await GatewayProcess.start({
    QRNG_HMAC_SECRET_KEY: undefined,
    QRNG_HMAC_SECRET_KEY_FILE: secret.path('current'),
    QRNG_HMAC_SECRET_KEY_PREVIOUS_FILE: secret.path('previous'),
  });
  open.push(gateway);
  const [before, after] = [new TestCollector(oldKey), new TestCollector(newKey, 'collector-2')];
  const statuses = async (): Promise<number[]> => [
    (await gateway.push(before.seal(randomBytes(8)))).status,
    (await gateway.push(after.seal(randomBytes(8)))).status,
  ];
  const used = (key: string) =>
    gateway.metric(`qrng_packets_by_key_total{key_id="${MacKey.fromHex(key).id}"}`);

  expect(await statuses()).toEqual([204, 401]);
  expect([await used(oldKey), await used(newKey)]).toEqual([1, undefined]);

  secret.write({ current: newKey, previous: oldKey });
  await until('the new key is in use', async () => (await used(newKey)) === 0);
  expect(await statuses()).toEqual([204, 204]);
  expect([await used(oldKey), await used(newKey)]).toEqual([2, 1]);

  secret.write({ current: newKey.slice(1), previous: '' });
  expect((await gateway.run.logged('hmac-keys-refused'))['reason']).toMatch(
    /^QRNG_HMAC_SECRET_KEY must be exactly 64 hex/,
  );
  expect(await statuses()).toEqual([204, 204]);

  secret.write({ current: newKey, previous: '' });
  await until('the old key is gone', async () => (await used(oldKey)) === undefined);
  expect(await statuses()).toEqual([401, 204]);
  expect(JSON.stringify(gateway.run.log)).not.toContain(newKey.slice(1));
});

test('SIGHUP while it starts does not end it: the files are read again once it has started', async () => {
  const hangUp = 'data:text/javascript,setTimeout(() => process.kill(process.pid, "SIGHUP"), 150)';
  const gateway = await GatewayProcess.start({}, ['--import', hangUp]);
  open.push(gateway);
  await gateway.run.logged('certificate-reloaded');
});

test('SIGHUP reads the keys at once, and the gateway goes on', async () => {
  const file = join(temporaryFolder(), 'hmac');
  writeFileSync(file, randomBytes(32).toString('hex'));
  const gateway = await GatewayProcess.start({
    QRNG_HMAC_SECRET_KEY: undefined,
    QRNG_HMAC_SECRET_KEY_FILE: file,
  });
  open.push(gateway);
  const newKey = randomBytes(32).toString('hex');
  writeFileSync(file, newKey);
  gateway.run.child.kill('SIGHUP');
  await gateway.run.logged('hmac-keys-reloaded');
  expect((await gateway.push(new TestCollector(newKey).seal(randomBytes(8)))).status).toBe(204);
});
