/** config/*.env.example: each setting with its default, none that does not exist, and enough to start with. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { liveNames, readSettings, secretNames, variableNames } from '#libs/settings';
import { CollectorSettings } from '../../apps/collector/src/settings.js';
import { parseKeyFile } from '../../apps/gateway/src/clients/key-file.js';
import { GatewaySettings } from '../../apps/gateway/src/settings.js';

const folder = mkdtempSync(join(tmpdir(), 'qrng-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe.each([
  ['collector', CollectorSettings],
  ['gateway', GatewaySettings],
] as const)('%s.env.example', (app, Settings) => {
  const lines = readFileSync(`config/${app}.env.example`, 'utf8').matchAll(/^(#?)(QRNG_\w+)=(.*)$/gm);
  const example = [...lines].map(([, off, name = '', text = '']) => ({ off: off === '#', name, text }));
  const secrets = secretNames(Settings);

  test('has every setting once, secrets as files, and nothing else', () => {
    const expected = [...variableNames(Settings)].map((name) => (secrets.has(name) ? `${name}_FILE` : name));
    expect(example.map(({ name }) => name).sort()).toEqual(expected.sort());
  });

  test('shows the defaults', () => {
    const defaults = new Settings() as unknown as Record<string, string | number | string[] | undefined>;
    for (const { off, name, text } of example) {
      const value = defaults[name];
      if (off && value !== undefined) expect(`${name}=${text}`).toBe(`${name}=${String(value)}`);
      else expect(value).toBeUndefined();
    }
  });

  test('and docs/operations.md lists those that a reload takes over', () => {
    const row = new RegExp(`^\\| ${app} \\| (\`QRNG_.*) \\|$`, 'm').exec(
      readFileSync('docs/operations.md', 'utf8'),
    );
    const listed = [...(row?.[1] ?? '').matchAll(/QRNG_\w+/g)].map(([name]) => name);
    expect(listed.sort()).toEqual([...liveNames(Settings)].sort());
  });

  test('is enough to start with, given its files', () => {
    const env: Record<string, string> = { QRNG_STATE_DIR: folder };
    for (const { name, text } of example.filter(({ off }) => !off)) {
      env[name] = text.replace('/etc/qrng-dd', folder);
      if (!name.endsWith('_FILE')) continue;
      mkdirSync(dirname(env[name]), { recursive: true });
      writeFileSync(env[name], name.includes('PREVIOUS') ? '' : randomBytes(32).toString('hex'));
    }
    const read = readSettings<object>(Settings, env);
    expect(read.warnings).toEqual([]);
  });
});

test('api-keys.example.json holds, and shows every field that an entry can have', () => {
  const entries = parseKeyFile(readFileSync('config/api-keys.example.json', 'utf8'));
  expect(Object.keys(entries[0] ?? {}).sort()).toEqual([
    'bytesPerDay',
    'disabled',
    'expires',
    'name',
    'notBefore',
    'requestsPerMinute',
    'scopes',
    'sha256',
  ]);
});
