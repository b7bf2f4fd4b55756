/** The systemd units: hardened, and starting exactly what package.json starts. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, test, describe } from '@jest/globals';
import packageJson from '../../package.json' with { type: 'json' };
import { GatewaySettings } from '../../apps/gateway/src/settings.js';
import { describeWith, run } from '../support/programs.js';

const folder = mkdtempSync(join(tmpdir(), 'qrng-units-'));
afterAll(() => rmSync(folder, { recursive: true }));

const unit = (app: string): string => readFileSync(`deploy/systemd/qrng-${app}.service`, 'utf8');

describe.each(['collector', 'gateway'] as const)('qrng-%s.service', (app) => {
  test('starts what `npm run start` starts', () => {
    expect(unit(app)).toContain(
      `ExecStart=/opt/qrng-dd/node_modules/.bin/${packageJson.scripts[`start:${app}`]}\n`,
    );
  });

  test('does not run without the firewall, and not again after a bad configuration', () => {
    expect(unit(app)).toContain('\nRequires=nftables.service\n');
    expect(unit(app)).toContain('\nRestartPreventExitStatus=78\n');
  });

  test('gives it the time that it needs to stop: its drain and 13 s more', () => {
    const { QRNG_DRAIN_SECS } = new GatewaySettings();
    const seconds = Number(/^TimeoutStopSec=(\d+)$/m.exec(unit(app))?.[1]);
    expect(seconds).toBeGreaterThanOrEqual(QRNG_DRAIN_SECS + 13);
  });

  test('names the file of its environment, to be read again by a reload', () => {
    expect(unit(app)).toContain(`\nEnvironmentFile=/etc/qrng-dd/${app}.env\n`);
    expect(unit(app)).toContain(`\nEnvironment=QRNG_SETTINGS_PATH=/etc/qrng-dd/${app}.env\n`);
  });

  test('loses no line of its log to the rate limit of the journal', () => {
    expect(unit(app)).toContain('\nLogRateLimitIntervalSec=0\n');
  });
});

test('the collector can neither bind nor listen nor accept, nor get round that with io_uring', () => {
  expect(unit('collector')).toContain('\nSocketBindDeny=any\n');
  expect(unit('collector')).not.toContain('SocketBindAllow');
  expect(unit('collector')).toMatch(
    /\nSystemCallFilter=~listen accept accept4 io_uring_setup io_uring_enter io_uring_register\n/,
  );
});

describeWith(['systemd-analyze'], 'systemd-analyze', () => {
  test.each(['collector', 'gateway', 'feed'])('finds the exposure of qrng-%s.service at most 2.0', (app) => {
    const file = resolve(`deploy/systemd/qrng-${app}.service`);
    const { status, output } = run('systemd-analyze', 'security', '--offline=true', '--threshold=20', file);
    expect(output).toContain('Overall exposure level');
    expect(status).toBe(0); // 1 above the threshold, which is in tenths
  });

  test.each(['collector', 'gateway', 'feed'])('finds no mistake in qrng-%s.service', (app) => {
    const file = join(folder, `qrng-${app}.service`);
    // The installed path is not there on this machine; the checkout stands in for it.
    writeFileSync(file, unit(app).replaceAll('/opt/qrng-dd', resolve('.')));
    expect(run('systemd-analyze', 'verify', '--man=no', file)).toEqual({ status: 0, output: '' });
  });
});

describe('qrng-feed.service', () => {
  test('runs the command qrng, and not again when it was called wrongly or its settings are wrong', () => {
    expect(unit('feed')).toContain(
      '\nExecStart=/opt/qrng-dd/node_modules/.bin/node --disable-sigusr1 /opt/qrng-dd/clients/qrng/bin/qrng.js feed $QRNG_FEED\n',
    );
    expect(unit('feed')).toContain('\nRestartPreventExitStatus=64 73 78\n');
  });

  test('feeds the kernel unless told otherwise, as a user without any right', () => {
    expect(unit('feed')).toContain('\nEnvironment=QRNG_FEED=--kernel\n');
    expect(unit('feed')).toMatch(/\nDynamicUser=yes\n[^]*\nCapabilityBoundingSet=\n/);
  });
});
