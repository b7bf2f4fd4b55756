/** A command that is called wrongly says so in a line or two and ends with 64, and never with the code of a verdict. Needs `npm run build`. */
import { spawnSync } from 'node:child_process';
import { expect, test } from '@jest/globals';

function run(script: string, ...args: string[]): { status: number | null; stderr: string } {
  return spawnSync(process.execPath, [`dist/${script}.js`, ...args], { encoding: 'utf8' });
}

test.each([
  ['tools/audit-verify', ['/tmp', '--anchro', 'x'], 'audit:verify'],
  ['scripts/demo', ['--foo'], 'demo'],
  ['tools/keys', ['--foo'], 'keys'],
  ['tools/doctor', [], 'doctor'],
])('%s %j gives the usage and exit code 64', (script, args, command) => {
  const { status, stderr } = run(script, ...args);
  expect(stderr).toMatch(new RegExp(`usage: npm run ${command} `, 'i'));
  expect(stderr).not.toMatch(/^ +at /m);
  expect(status).toBe(64);
});

test('doctor gives one line and exit code 66 for a file that it cannot read', () => {
  const { status, stderr } = run('tools/doctor', 'gateway', '/nope');
  expect(stderr).toBe('/nope cannot be read (ENOENT)\n');
  expect(status).toBe(66);
});
