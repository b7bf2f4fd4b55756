/**
 * The proofs of the diode run and hold, each for a few seconds, side by side; docs/diode.md shows the claims that each makes.
 * Needs `npm run build`.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { beforeAll, expect, test } from '@jest/globals';
import { describeWith } from './support/programs.js';

const asRoot = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
const allowed = spawnSync('unshare', [...asRoot, '--net', 'true']).status === 0;

interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function verify(carrier: string, seconds: string): Promise<Result> {
  const args = ['dist/tools/diode-verify.js', '--carrier', carrier, '--seconds', seconds];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: child.exitCode, stdout, stderr };
}

/** The claims in an output, in a block of docs/diode.md for one carrier too. */
function claims(output: string): string[] {
  return output.match(/^ +shown .*$/gm) ?? [];
}

function documented(carrier: string): string[] {
  const document = readFileSync('docs/diode.md', 'utf8');
  return claims(document.split('```').find((part) => part.includes(`--carrier ${carrier}\n`)) ?? '');
}

const programs = ['nft', 'ip', 'ss', 'nsenter', 'setpriv', 'sysctl', 'mkfifo'];
describeWith(programs, 'the proof of the diode (where network namespaces are allowed)', () => {
  const results = new Map<string, Promise<Result>>();
  beforeAll(() => {
    if (!allowed) return;
    results.set('https', verify('https', '1'));
    results.set('udp', verify('udp', '1'));
    results.set('spool', verify('spool', '4'));
  });

  (allowed ? test : test.skip).each(['https', 'udp', 'spool'])(
    'for %s shows every claim that docs/diode.md makes',
    async (carrier) => {
      const { code, stdout, stderr } = (await results.get(carrier)) ?? {};
      expect(stderr).toBe('');
      expect(stdout).toMatch(/^(\d+) of \1 claims were shown\.$/m);
      expect(claims(stdout ?? '')).toEqual(documented(carrier));
      expect(code).toBe(0);
    },
    300_000,
  );
});
