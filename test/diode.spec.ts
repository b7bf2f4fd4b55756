/** The proof of the diode runs and holds, and docs/diode.md shows the claims that it makes. Needs `npm run build`. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { describeWith } from './deploy/programs.js';

const asRoot = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
const allowed = spawnSync('unshare', [...asRoot, '--net', 'true']).status === 0;

describeWith(['nft', 'ip', 'ss', 'nsenter', 'setpriv', 'sysctl'], 'the proof of the diode', () => {
  (allowed ? test : test.skip)(
    'shows every claim that docs/diode.md makes (where network namespaces are allowed)',
    () => {
      const { status, stdout, stderr } = spawnSync(process.execPath, ['dist/tools/diode-verify.js'], {
        encoding: 'utf8',
      });
      expect(stderr).toBe('');
      const claims = (text: string): string[] => text.match(/^ +shown .*$/gm) ?? [];
      expect(claims(stdout)).toEqual(claims(readFileSync('docs/diode.md', 'utf8')));
      expect(stdout).toMatch(/^(\d+) of \1 claims were shown\.$/m);
      expect(status).toBe(0);
    },
    180_000,
  );
});
