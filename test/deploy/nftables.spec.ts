/** The firewall rules: accepted by nft, and denying by default. What they do to packets, `npm run diode:verify` shows. */
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { connect, Machine } from '../../tools/diode/machine.js';
import { describeWith, run } from '../support/programs.js';

const folder = mkdtempSync(join(tmpdir(), 'qrng-rules-'));
afterAll(() => rmSync(folder, { recursive: true }));

const rules = (host: string): string => readFileSync(`deploy/nftables/${host}.nft`, 'utf8');

describe.each(['collector', 'gateway'])('%s.nft', (host) => {
  test('drops by default in every hook', () => {
    const hooks = [...rules(host).matchAll(/hook (\w+) priority filter; policy (\w+);/g)];
    expect(hooks.map(([, hook, policy]) => [hook, policy])).toEqual([
      ['input', 'drop'],
      ['output', 'drop'],
      ['forward', 'drop'],
    ]);
  });

  test('uses every define, so that no address is set in vain', () => {
    for (const [, name] of rules(host).matchAll(/^define (\w+)/gm)) expect(rules(host)).toContain(`$${name}`);
  });
});

describe.each(['collector-udp', 'gateway-udp'])('%s.nft', (host) => {
  test('drops by default in both directions', () => {
    const hooks = [...rules(host).matchAll(/hook (\w+) device \$DIODE priority -?500; policy (\w+);/g)];
    expect(hooks.map(([, hook, policy]) => [hook, policy])).toEqual([
      ['ingress', 'drop'],
      ['egress', 'drop'],
    ]);
  });

  test('uses every define, so that no address is set in vain', () => {
    for (const [, name] of rules(host).matchAll(/^define (\w+)/gm)) expect(rules(host)).toContain(`$${name}`);
  });

  test('accepts nothing that leaves the gateway, and nothing that comes to the collector', () => {
    const chain = host === 'gateway-udp' ? 'leaving' : 'arriving';
    const [, body = 'accept'] = new RegExp(`chain ${chain} \\{([^}]*)\\}`).exec(rules(host)) ?? [];
    expect(body).not.toContain('accept');
  });
});

test('the interfaces to a diode have the addresses that its rules name', () => {
  const addresses = (app: string): string[] =>
    [
      ...readFileSync(`deploy/systemd/network/diode0-${app}.network.example`, 'utf8').matchAll(
        /^Address=(.*)\/\d+$/gm,
      ),
    ].map(([, address]) => address ?? '');
  const defined = (host: string, name: string): string[] =>
    [...rules(host).matchAll(new RegExp(`^define ${name}(?:_6)? = (.*)$`, 'gm'))].map(
      ([, value]) => value ?? '',
    );
  expect(addresses('collector')).toEqual(defined('gateway-udp', 'SENDER'));
  expect(addresses('gateway')).toEqual(defined('collector-udp', 'RECEIVER'));
});

test('the gateway refuses the private networks that the seed names', () => {
  expect(rules('gateway')).toMatch(/INTERNAL = \{ 10\.0\.0\.0\/8, 172\.16\.0\.0\/12, 192\.168\.0\.0\/16,/);
  expect(rules('gateway')).toMatch(/INTERNAL_6 = \{ fc00::\/7, fe80::\/10 \}/);
});

describeWith(['nft', 'unshare'], 'nft', () => {
  test.each(['collector', 'gateway'])('accepts %s.nft', (host) => {
    // A network namespace of its own: neither root nor the machine's own rules are needed or touched.
    const checked = run('unshare', '-rn', 'nft', '-c', '-f', `deploy/nftables/${host}.nft`);
    expect(checked).toEqual({ status: 0, output: '' });
  });
});

// Network namespaces without a user namespace around them need root.
const asRoot = process.getuid?.() === 0;
describeWith(['nft', 'unshare', 'nsenter', 'setpriv', 'ip', 'ss'], 'a host that loads its rules', () => {
  const ADMINISTRATOR = '192.0.2.50';
  const CLIENT = '192.0.2.51';
  const machines: Machine[] = [];
  let host: Machine;
  let peer: Machine;

  beforeAll(async () => {
    if (!asRoot) return;
    [host, peer] = await Promise.all([Machine.create('host'), Machine.create('peer')]);
    machines.push(host, peer);
    connect(host, ['192.0.2.1/24'], peer, [`${ADMINISTRATOR}/24`, `${CLIENT}/24`]);
    for (const port of [22, 7764]) await serve(port);
  });
  afterAll(async () => {
    for (const machine of machines) await machine.close();
  });
  afterEach(() => {
    if (asRoot) host.run('nft', 'flush', 'ruleset');
  });

  /** A server on the host that answers every line with the same line. */
  async function serve(port: number): Promise<void> {
    const script = `require('node:net').createServer((socket) => { socket.on('error', () => 0); socket.pipe(socket); }).listen(${port}, () => console.log('up'))`;
    const child = host.start(['-e', script], {}, '/dev/null');
    await once(child.stdout ?? child, 'data');
  }

  /** How long an answer is waited for: one that is to come may be slow on a busy machine. */
  const COMES = 60_000;
  const COMES_NOT = 1000;

  /** A connection of the peer to the host; `say` returns what came back, or undefined when nothing did. */
  async function open(
    from: string,
    port: number,
    patience = COMES,
  ): Promise<{ say: (word: string, patience?: number) => Promise<string | undefined> }> {
    const script = `console.log('up'); const socket = require('node:net').connect({ host: '192.0.2.1', port: ${port}, localAddress: '${from}' }, () => console.log('open')); socket.pipe(process.stdout); process.stdin.pipe(socket); socket.on('error', () => console.log('refused'));`;
    const child = peer.start(['-e', script], {}, '/dev/null');
    const lines = createInterface({ input: child.stdout ?? process.stdin })[Symbol.asyncIterator]();
    const answer = async (ms: number): Promise<string | undefined> => {
      const line = lines.next().then(({ value }) => String(value));
      return Promise.race([line, setTimeout(ms, undefined, { ref: false })]);
    };
    expect(await answer(COMES)).toBe('up');
    await answer(patience);
    return {
      say: (word, ms = patience) => {
        child.stdin?.write(`${word}\n`);
        return answer(ms);
      },
    };
  }

  const load = (name: string, changes: Record<string, string>): void => {
    let text = rules(name);
    for (const [from, to] of Object.entries(changes)) text = text.replace(from, () => to);
    const file = join(folder, `${name}.nft`);
    writeFileSync(file, text);
    host.run('nft', '-f', file);
  };
  const whereAllowed = asRoot ? test : test.skip;

  whereAllowed.each(['gateway', 'collector'])(
    'keeps the session of an administrator that is older than %s.nft, and ends that of others',
    async (name) => {
      const administrator = await open(ADMINISTRATOR, 22);
      const other = await open(CLIENT, 22);
      expect([await administrator.say('one'), await other.say('one')]).toEqual(['one', 'one']);
      load(name, { 'define ADMINISTRATORS = { 127.0.0.1 }': `define ADMINISTRATORS = { ${ADMINISTRATOR} }` });
      expect([await administrator.say('two'), await other.say('two', COMES_NOT)]).toEqual(['two', undefined]);
      const again = await open(ADMINISTRATOR, 22);
      expect(await again.say('three')).toBe('three');
    },
  );

  whereAllowed('refuses an address that has too many connections open, and no other', async () => {
    load('gateway', { 'ip saddr ct count over 500': 'ip saddr ct count over 2' });
    const first = [await open(CLIENT, 7764), await open(CLIENT, 7764)];
    const third = await open(CLIENT, 7764, COMES_NOT);
    const other = await open(ADMINISTRATOR, 7764);
    const answers = await Promise.all([...first, third, other].map(({ say }) => say('hello')));
    expect(answers).toEqual(['hello', 'hello', undefined, 'hello']);
  });

  whereAllowed(
    'refuses a network that has too many connections open, whichever addresses it uses',
    async () => {
      // The peer's two addresses are of one /24.
      load('gateway', { '255.255.255.0 ct count over 2000': '255.255.255.0 ct count over 2' });
      const first = [await open(CLIENT, 7764), await open(ADMINISTRATOR, 7764)];
      const third = await open(CLIENT, 7764, COMES_NOT);
      const answers = await Promise.all([...first, third].map(({ say }) => say('hello')));
      expect(answers).toEqual(['hello', 'hello', undefined]);
    },
  );
});
