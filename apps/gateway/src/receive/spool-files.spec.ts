import { once } from 'node:events';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { MAX_PACKET_BYTES } from '#libs/crypto';
import { contentOf, inOrder, UnreadableFile } from './spool-files.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'qrng-spool-files-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

test('names are in the order of sealing, and what is named otherwise comes last', () => {
  const sorted = ['a-1-9', 'a-1-10', 'a-1-99999999999999999999', 'a-2-1', 'b-1-1', 'x', 'z-1'];
  const names = sorted.map((name) => `${name}.qrng`);
  expect(inOrder(names.toReversed())).toEqual(names);
});

test('a file that cannot be opened now may be read later, and one that is gone has nothing', async () => {
  const server = createServer().listen(join(directory, 'socket'));
  await once(server, 'listening');
  await expect(contentOf(join(directory, 'socket'))).rejects.toThrow(UnreadableFile);
  server.close();
  await expect(contentOf(join(directory, 'nothing'))).resolves.toEqual(Buffer.alloc(0));
});

test('a file has what it had when it was opened, and one that is too large nothing of use', async () => {
  const path = join(directory, 'a');
  writeFileSync(path, 'QRNG and more');
  expect(await contentOf(path)).toEqual(Buffer.from('QRNG and more'));
  truncateSync(path, MAX_PACKET_BYTES + 1);
  expect(await contentOf(path)).toBeUndefined();
  expect(await contentOf(directory)).toBeUndefined();
  // It gives bytes for as long as somebody reads, and has no size.
  expect(await contentOf('/proc/self/environ')).toEqual(Buffer.alloc(0));
});
