/** SECURITY.md: every test that it names exists, in the file that it links to. */
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

const claims = [
  ...readFileSync('SECURITY.md', 'utf8').matchAll(/\[([^\]]+\.spec\.ts)\]\(\1\) "([^"]+)"/g),
].map(([, file = '', name = '']) => [file, name] as const);

test('SECURITY.md names a test for every mechanism', () => {
  const rows = readFileSync('SECURITY.md', 'utf8')
    .split('| mechanism | shown by |')
    .slice(1)
    .flatMap((table) => table.split('\n\n')[0]?.split('\n').slice(2) ?? []);
  expect(rows).toHaveLength(claims.length);
});

test.each(claims)('%s: "%s" is a test', (file, name) => {
  expect(readFileSync(file, 'utf8')).toContain(name);
});
