/**
 * An installation on two machines by the documents: `setup`, `install`, the firewall's rules, the commands of the units, then every
 * rotation under load. Namespaces stand in for machines (installed-machine.ts). Needs root and `npm run build`.
 *
 * In `npm test` this clone is what is installed. By hand, from what `npm run release` made, and with restarts and leaked keys:
 *
 *   QRNG_TARBALL=release/qrng-dd-X.Y.Z-linux-x64.tar.gz npm run jest -- test/installation
 */
import { spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readEnvironmentFile } from '#libs/settings';
import { createAuthority } from '../../tools/certificates/authority.js';
import { end } from '../../tools/diode/machine.js';
import { ADDRESS, buildNetwork } from '../../tools/diode/network.js';
import type { Network } from '../../tools/diode/network.js';
import { temporaryFolder } from '../support/gateway.js';
import { describeWith } from '../support/programs.js';
import { until } from '../support/until.js';
import { InstalledMachine } from './installed-machine.js';

const PROGRAMS = ['nft', 'unshare', 'nsenter', 'setpriv', 'ip', 'curl', 'useradd'];
const GATEWAY_URL = `https://${ADDRESS.gateway}:7764`;

/** Counts for whoever runs it by hand. */
const say = (line: string): boolean => process.stdout.write(`${line}\n`);

interface Counts {
  readonly answered: number;
  readonly twice: number;
  readonly failures: readonly string[];
}

// Machines of one's own need root.
describeWith(process.getuid?.() === 0 ? PROGRAMS : ['root'], 'an installation on two machines', () => {
  const folder = temporaryFolder();
  const installation = join(folder, 'installation');
  const { QRNG_TARBALL: tarball } = process.env;
  const release = tarball === undefined ? resolve('.') : join(folder, 'release/qrng-dd');
  const byHand = tarball === undefined ? () => undefined : test;
  const keyFile = join(folder, 'key');
  const caFile = join(installation, 'client/gateway-ca.crt');
  let network: Network;
  let gateway: InstalledMachine;
  let collector: InstalledMachine;
  let load: ChildProcess;

  beforeAll(async () => {
    if (tarball !== undefined) {
      mkdirSync(join(folder, 'release'));
      expect(spawnSync('tar', ['-C', join(folder, 'release'), '-xzf', tarball]).status).toBe(0);
    }
    network = await buildNetwork();
    const create = (app: 'gateway' | 'collector'): Promise<InstalledMachine> =>
      InstalledMachine.create(app, network[app], join(folder, app), release);
    [gateway, collector] = await Promise.all([create('gateway'), create('collector')]);
    await startAppliance();
  }, 300_000);
  afterAll(async () => {
    await Promise.all([gateway.close(), collector.close()]);
    await Promise.all([network.appliance.close(), network.elsewhere.close()]);
  });

  async function startAppliance(): Promise<void> {
    const authority = await createAuthority('appliance (throw-away)');
    const issued = await authority.issue({ commonName: 'appliance', hosts: [ADDRESS.appliance] });
    const write = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    write('appliance-ca.crt', authority.certificatePem);
    const files = [
      ...['--cert', write('appliance.crt', issued.certificatePem)],
      ...['--key', write('appliance.key', issued.keyPem)],
    ];
    const simulator = resolve('dist/libs/quantis/src/simulator/main.js');
    const args = [simulator, '--host', ADDRESS.appliance, '--port', '443', ...files];
    network.appliance.start(args, {}, join(folder, 'appliance.log'));
  }

  /** On the machine that setup made the folder on. */
  const prepare = (...args: string[]): string => {
    const program = join(release, 'bin/qrng-dd');
    const { status, stdout, stderr } = spawnSync(program, args, {
      encoding: 'utf8',
      env: { PATH: '/usr/bin:/bin' },
    });
    expect([status, stderr]).toEqual([0, '']);
    return stdout;
  };
  const install = (machine: InstalledMachine): string => {
    const { status, output } = machine.qrngDd('install', join(installation, machine.app));
    expect([machine.app, status, output]).toEqual([machine.app, 0, output]);
    return output;
  };
  const get = (path: string, key = readFileSync(keyFile, 'utf8')): { status: number; text: string } => {
    const options = ['-s', '--cacert', caFile, '-H', `Authorization: Bearer ${key}`, '-w', '\n%{http_code}'];
    const lines = network.elsewhere.run('curl', ...options, GATEWAY_URL + path).split('\n');
    return { status: Number(lines.pop()), text: lines.join('\n') };
  };
  const tokenFile = join(installation, 'gateway/metrics.token');
  const metric = (series: string): number => {
    const { text } = get('/metrics', readFileSync(tokenFile, 'utf8').trim());
    const line = text.split('\n').find((one) => one.startsWith(`${series} `));
    return Number(line?.slice(series.length + 1) ?? 0);
  };
  const accepted = (): number =>
    metric('qrng_packets_total{collector="collector-1",result="accepted",transport="https"}');
  const flows = async (): Promise<void> => {
    const before = accepted();
    await until('packets are accepted', () => accepted() > before + 2, { describe: () => collector.log() });
  };
  const both = (): string => `${gateway.log()}\n${collector.log()}`;
  const startLoad = (): void => {
    const args = [resolve('test/installation/load.js'), GATEWAY_URL, caFile, keyFile];
    load = network.elsewhere.start(args, {}, join(folder, 'load.log'));
  };
  const stopLoad = async (): Promise<Counts> => {
    await end(load);
    const lines = readFileSync(join(folder, 'load.log'), 'utf8').trim().split('\n');
    return JSON.parse(lines.at(-1) ?? '') as Counts;
  };

  test('gives the first bytes: setup, install, the rules, the services', async () => {
    prepare(
      'setup',
      ...['--gateway', ADDRESS.gateway, '--collector-host', ADDRESS.collector[1]],
      ...['--gateway-address', ADDRESS.gateway, '--collector-address', ADDRESS.collector[1]],
      ...['--appliance', `https://${ADDRESS.appliance}/api/2.0/streambytes`],
      ...['--appliance-ca', join(folder, 'appliance-ca.crt'), '--out', installation],
    );
    for (const machine of [gateway, collector]) {
      expect(install(machine)).toContain('systemctl enable --now');
      expect(machine.run('nft', '-f', '/etc/nftables.conf')).toEqual({ status: 0, output: '' });
    }
    gateway.set({ QRNG_RATE_LIMIT_MAX: '1000000', QRNG_RATE_LIMIT_BURST: '1000000', QRNG_DRAIN_SECS: '0' });
    gateway.set({ QRNG_BUFFER_SIZE: '262144', QRNG_BUFFER_OVERFLOW_POLICY: 'replace' });
    collector.set({ QRNG_MAX_BACKOFF_MS: '500' });
    gateway.start();
    collector.start();
    const { QRNG_API_KEY: first = '' } = readEnvironmentFile(join(installation, 'client/client.env'));
    writeFileSync(keyFile, first);
    await until('the gateway is ready', () => isReady(), { describe: both });
    expect(get('/api/random?bytes=32')).toEqual({
      status: 200,
      text: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(gateway.qrngDd('doctor', 'gateway', gateway.settingsPath).output).not.toMatch(/^FAIL/m);
  });

  function isReady(): boolean {
    try {
      return get('/health/ready').status === 200;
    } catch {
      return false; // nobody listens yet
    }
  }

  test('rotates everything under load: no request fails, no packet is refused, no byte is served twice', async () => {
    startLoad();
    prepare('rotate', 'hmac', '--in', installation);
    install(gateway);
    install(collector);
    await flows();
    prepare('rotate', 'tls', '--in', installation, '--again');
    install(gateway);
    prepare('rotate', 'client', '--in', installation, '--again');
    install(collector);
    await flows();
    const rotated = gateway.qrngDd(
      'rotate',
      'api-key',
      'first',
      '--file',
      '/etc/qrng-dd/gateway/api-keys.json',
    );
    const second = /^qrng_\S+$/m.exec(rotated.output)?.[0] ?? '';
    await until('the new key is known', () => get('/api/usage', second).status === 200);
    writeFileSync(keyFile, second);
    await flows();
    const counts = await stopLoad();
    expect(counts).toEqual({ answered: counts.answered, twice: 0, failures: [] });
    expect(counts.answered).toBeGreaterThan(50);
    expect(metric('qrng_sequence_missing_total{collector="collector-1"}')).toBe(0);
    expect(get('/metrics', readFileSync(tokenFile, 'utf8').trim()).text).not.toMatch(
      /^qrng_packets_total\{.*result="(?!accepted).*\} [1-9]/m,
    );
    say(`rotations under load: ${counts.answered} answers, 0 failures, 0 twice`);
  });

  byHand('loses a leaked key in every state: readable file, unreadable file, reload, workers', async () => {
    const create = (name: string): string => gateway.qrngDd('keys', 'create', name, ...FILE).output;
    const FILE = ['--file', '/etc/qrng-dd/gateway/api-keys.json'];
    const keyOf = (output: string): string => /^qrng_\S+$/m.exec(output)?.[0] ?? '';
    const keys = ['leak-1', 'leak-2', 'leak-3'].map((name) => keyOf(create(name)));
    const status = (index: number): number => get('/api/usage', keys[index]).status;
    const isOut = async (index: number): Promise<void> => {
      const began = performance.now();
      await until('the leaked key is out', () => status(index) === 401, { describe: both });
      say(`a leaked key stopped working within ${Math.ceil(performance.now() - began)} ms of the command`);
    };
    expect(keys.map((_, index) => status(index))).toEqual([200, 200, 200]);

    expect(gateway.qrngDd('keys', 'disable', 'leak-1', ...FILE)).toMatchObject({ status: 0 });
    await isOut(0);

    // What `umask 077` and an editor of root leave.
    gateway.run('chown', 'root:root', '/etc/qrng-dd/gateway/hmac.previous.key', FILE[1] ?? '');
    expect(gateway.qrngDd('keys', 'disable', 'leak-2', ...FILE)).toEqual({
      status: 1,
      output: expect.stringMatching(
        /The gateway refuses the file, and the old keys stay in use: QRNG_API_KEYS_FILE/,
      ),
    });
    expect(gateway.run('systemctl', 'reload', 'qrng-gateway').status).toBe(1);
    gateway.run('chown', 'qrng-gateway:', FILE[1] ?? '');
    await isOut(1); // although the other file is still refused
    gateway.run('chown', 'qrng-gateway:', '/etc/qrng-dd/gateway/hmac.previous.key');
    expect(gateway.run('systemctl', 'reload', 'qrng-gateway')).toMatchObject({ status: 0 });

    gateway.set({ QRNG_WORKERS: '2' });
    expect(gateway.run('systemctl', 'reload', 'qrng-gateway').output).toContain(
      'only a restart changes: QRNG_WORKERS',
    );
    expect(await gateway.stop()).toBe(0);
    gateway.start();
    await until('the gateway is ready', () => isReady(), { describe: both });
    expect(gateway.qrngDd('keys', 'disable', 'leak-3', ...FILE)).toMatchObject({ status: 0 });
    await isOut(2);
  });

  byHand(
    'restarts the gateway and the collector under load: nothing is served twice, and no packet is lost',
    async () => {
      const missing = (): number => metric('qrng_sequence_missing_total{collector="collector-1"}');
      startLoad();
      await flows();
      expect(await gateway.stop()).toBe(0);
      gateway.start();
      await until('the gateway is ready', () => isReady(), { describe: both });
      await flows();
      expect(await collector.stop()).toBe(0);
      collector.start();
      await flows();
      const counts = await stopLoad();
      expect(counts.twice).toBe(0);
      expect(missing()).toBe(0);
      say(
        `restarts under load: ${counts.answered} answers, ${counts.failures.length} while it was away, 0 twice`,
      );
    },
  );
});
