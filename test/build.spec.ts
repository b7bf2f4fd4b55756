/** `npm run build`: a service that runs from dist/ can be started again whatever became of a build. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

describe('a build that cannot be done, as after npm prune --omit=dev,', () => {
  const folder = mkdtempSync(join(tmpdir(), 'qrng-build-'));
  const kept = join(folder, 'dist/apps/gateway/src/main.js');
  beforeAll(() => {
    cpSync('package.json', join(folder, 'package.json'));
    mkdirSync(join(kept, '..'), { recursive: true });
    writeFileSync(kept, '// works');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each(['build', 'demo', 'bench', 'diode:verify'])('leaves what npm run %s found', (script) => {
    const { status } = spawnSync('npm', ['run', '--silent', script], { cwd: folder });
    expect(status).not.toBe(0);
    expect(readFileSync(kept, 'utf8')).toBe('// works');
  });
});
