/** HMAC keys are rotated while packets flow: gateway first, then collector, then the old key goes. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { MacKey } from '#libs/crypto';
import { readSettings, secretFiles } from '#libs/settings';
import { createGateway, listen } from '../../apps/gateway/src/create-gateway.js';
import { FileWatcher } from '../../apps/gateway/src/reload/file-watcher.js';
import { SettingsSource } from '../../apps/gateway/src/reload/settings-source.js';
import { GatewaySettings } from '../../apps/gateway/src/settings.js';
import { gatewayEnvironment, temporaryFolder, TestGateway, testAuthority } from '../support/gateway.js';
import { TestCollector } from '../support/test-collector.js';

test('a rotation loses no packet, and metrics show when the old key is no longer used', async () => {
  const [oldKey, newKey] = [randomBytes(32).toString('hex'), randomBytes(32).toString('hex')];
  const folder = temporaryFolder();
  const [current, previous] = [`${folder}/current`, `${folder}/previous`];
  writeFileSync(current, oldKey);
  writeFileSync(previous, oldKey);
  const env = await gatewayEnvironment({
    QRNG_HMAC_SECRET_KEY: undefined,
    QRNG_HMAC_SECRET_KEY_FILE: current,
    QRNG_HMAC_SECRET_KEY_PREVIOUS_FILE: previous,
  });
  const { settings } = readSettings(GatewaySettings, env);
  const source = new SettingsSource(
    secretFiles(GatewaySettings, env),
    () => readSettings(GatewaySettings, env).settings,
  );
  const app = await createGateway(settings, source);
  const url = await listen(app, settings);
  const gateway = new TestGateway(
    app,
    url,
    { ...env, QRNG_HMAC_SECRET_KEY: oldKey },
    (await testAuthority()).certificatePem,
  );
  try {
    const [before, after] = [new TestCollector(oldKey), new TestCollector(newKey)];
    after.boot = before.boot + 1n;
    expect((await gateway.push(before.seal(Buffer.alloc(9)))).status).toBe(204);
    expect((await gateway.push(after.seal(Buffer.alloc(9)))).status).toBe(401);

    writeFileSync(current, newKey);
    await app.get(FileWatcher).reload();
    expect((await gateway.push(before.seal(Buffer.alloc(9)))).status).toBe(204);
    expect((await gateway.push(after.seal(Buffer.alloc(9)))).status).toBe(204);
    const byKey = (key: string) =>
      gateway.metric(`qrng_packets_by_key_total{key_id="${MacKey.fromHex(key).id}"}`);
    expect([await byKey(oldKey), await byKey(newKey)]).toEqual([2, 1]);

    writeFileSync(current, 'not a key');
    await app.get(FileWatcher).reload();
    expect((await gateway.push(after.seal(Buffer.alloc(9)))).status).toBe(204);

    writeFileSync(current, newKey);
    writeFileSync(previous, newKey);
    await app.get(FileWatcher).reload();
    expect((await gateway.push(before.seal(Buffer.alloc(9)))).status).toBe(401);
  } finally {
    await gateway.close();
  }
});
