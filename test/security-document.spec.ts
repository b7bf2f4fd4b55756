/** SECURITY.md: every test that it names exists, in the file that it links to. */
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { BOUNDS } from '../apps/gateway/src/bounds.js';

const claims = [
  ...readFileSync('SECURITY.md', 'utf8').matchAll(/\[([^\]]+\.spec\.ts)\]\(\1\) "([^"]+)"/g),
].map(([, file = '', name = '']) => [file, name] as const);

test('SECURITY.md names a test for every mechanism', () => {
  const rows = readFileSync('SECURITY.md', 'utf8')
    .split(/^\|(?: mechanism | bound .*)\| shown by \|$/m)
    .slice(1)
    .flatMap((table) => table.split('\n\n')[0]?.split('\n').slice(2) ?? []);
  expect(rows).toHaveLength(claims.length);
});

test.each(claims)('%s: "%s" is a test', (file, name) => {
  expect(readFileSync(file, 'utf8')).toContain(name);
});

/** A bound as the table writes it. */
function written(name: string, value: number): string {
  if (name.endsWith('Ms')) return `${value / 1000} s`;
  if (!name.includes('Bytes')) return String(value);
  const kib = value / 1024;
  return kib < 1024 ? `${kib} KiB` : `${kib / 1024} MiB`;
}

test('SECURITY.md has every bound of the code, with its value', () => {
  const rows = [...readFileSync('SECURITY.md', 'utf8').matchAll(/^\| `(\w+)` +\| ([^|]+?) +\|/gm)];
  expect(Object.fromEntries(rows.map(([, name, value]) => [name, value]))).toEqual(
    Object.fromEntries(Object.entries(BOUNDS).map(([name, value]) => [name, written(name, value)])),
  );
});
