/** The firewall rules: accepted by nft, and denying by default. What they do to packets, `npm run diode:verify` shows. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { describeWith, run } from './programs.js';

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
