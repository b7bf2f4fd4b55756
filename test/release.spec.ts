/** `npm run release` makes what operators install, and it runs without npm and without the clone. Needs `npm run build`. */
import { spawnSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import packageJson from '../package.json' with { type: 'json' };
import { gatewayEnvironment } from './support/gateway.js';

const folder = mkdtempSync(join(tmpdir(), 'qrng-release-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('a release', () => {
  const out = join(folder, 'out');
  const installed = join(folder, 'installed');
  const name = `qrng-dd-${packageJson.version}-linux-${process.arch}`;
  let files: string[];

  // It compresses Node twice: on a busy machine that takes minutes.
  beforeAll(() => {
    const { status, stderr } = spawnSync(process.execPath, ['dist/scripts/release.js', '--out', out], {
      encoding: 'utf8',
      env: { ...process.env, SOURCE_DATE_EPOCH: '1700000000' },
    });
    expect([status, stderr]).toEqual([0, '']);
    mkdirSync(installed);
    const tar = spawnSync('tar', ['-C', installed, '-xvzf', join(out, `${name}.tar.gz`)], {
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
    });
    expect(tar.status).toBe(0);
    files = tar.stdout.split('\n');
  }, 600_000);

  test('has the checksum of each file', () => {
    const lines = readFileSync(join(out, 'SHA256SUMS'), 'utf8').trim().split('\n');
    expect(lines.length).toBeGreaterThanOrEqual(2);
    for (const line of lines) {
      const [sum, file = ''] = line.split('  ');
      expect(hash('sha256', readFileSync(join(out, file)))).toBe(sum);
    }
  });

  test('has no sources, headers, tests, source maps, and none of the workshop', () => {
    const unwanted =
      /\.(ts|map|h)$|\.spec\.|\/dist\/(scripts|bench|test)\/|node_modules\/(typescript|jest|eslint|@nestjs\/cli)\//;
    expect(files.filter((path) => unwanted.test(path))).toEqual([]);
  });

  test('keeps the licence of every package that has one', () => {
    const licences = files.filter((path) => /node_modules\/.*\/licen[cs]e/i.test(path));
    expect(licences.length).toBeGreaterThan(50);
  });

  test('lists its parts', () => {
    const parts = JSON.parse(readFileSync(join(out, `${name}.cdx.json`), 'utf8')) as {
      bomFormat: string;
      components: { name: string }[];
    };
    expect(parts.bomFormat).toBe('CycloneDX');
    expect(parts.components.map((part) => part.name)).toEqual(expect.arrayContaining(['fastify', 'undici']));
  });

  test('runs every command, and the apps, with its own Node', async () => {
    const program = join(installed, 'qrng-dd/bin/qrng-dd');
    const run = (args: string[], env: object = {}): [number | null, string] => {
      const found = { ...env, PATH: '/usr/bin:/bin' };
      const { status, stdout } = spawnSync(program, args, { encoding: 'utf8', cwd: folder, env: found });
      return [status, stdout];
    };
    expect(run(['qrng', '--version'])).toEqual([0, `${packageJson.version}\n`]);
    for (const app of ['gateway', 'collector', 'doctor', 'keys']) {
      expect(run([app, '--version'])).toEqual([0, `qrng-dd ${packageJson.version}\n`]);
    }
    const hosts = ['--gateway', 'gw.example.com', '--collector-host', '198.51.100.20'];
    expect(run(['setup', ...hosts, '--out', join(folder, 'made')])[0]).toBe(0);
    expect(existsSync(join(folder, 'made/gateway/tls.crt'))).toBe(true);
    expect(run(['gateway', '--check'], await gatewayEnvironment())[0]).toBe(0);
  });

  (existsSync('/usr/bin/dpkg-deb') ? test : test.skip)('is a Debian package, too', () => {
    const deb = /\S+\.deb/.exec(readFileSync(join(out, 'SHA256SUMS'), 'utf8'))?.[0] ?? '';
    const { stdout } = spawnSync('dpkg-deb', ['-c', join(out, deb)], {
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
    });
    expect(stdout).toContain(' ./opt/qrng-dd/dist/apps/gateway/src/main.js\n');
    expect(stdout).toContain(' ./usr/lib/systemd/system/qrng-collector.service\n');
    expect(stdout).toContain(' ./usr/bin/qrng-dd -> /opt/qrng-dd/bin/qrng-dd\n');
    expect(stdout.split('\n').filter((line) => line !== '' && !line.includes(' root/root '))).toEqual([]);
    const prerm = spawnSync('dpkg-deb', ['--info', join(out, deb), 'prerm'], { encoding: 'utf8' }).stdout;
    expect(prerm).toMatch(/= remove .*\n.*disable --now qrng-gateway qrng-collector\n/);
  });
});
