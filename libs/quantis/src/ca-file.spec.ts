import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { createAuthority } from '../../../tools/certificates/authority.js';
import { CaFile } from './ca-file.js';

const folder = mkdtempSync(join(tmpdir(), 'ca-file-'));
afterAll(() => rmSync(folder, { recursive: true }));
const now = Date.now();
const past = { notBefore: new Date(now - 9e6), notAfter: new Date(now - 1e6) };

test('what no certificate can be checked against does not replace what could', async () => {
  const path = join(folder, 'ca.pem');
  const [first, second] = [await createAuthority('first'), await createAuthority('second')];
  const file = new CaFile(path);
  expect(() => file.read(now)).toThrow();
  writeFileSync(path, (await createAuthority('old', past)).certificatePem);
  expect(() => file.read(now)).toThrow();
  writeFileSync(path, first.certificatePem);
  expect(file.read(now)).toBe(first.certificatePem);
  for (const useless of ['', 'garbage', (await createAuthority('old', past)).certificatePem]) {
    writeFileSync(path, useless);
    expect(file.read(now)).toBe(first.certificatePem);
  }
  rmSync(path);
  expect(file.read(now)).toBe(first.certificatePem);
  writeFileSync(path, second.certificatePem);
  expect(file.read(now)).toBe(second.certificatePem);
});
