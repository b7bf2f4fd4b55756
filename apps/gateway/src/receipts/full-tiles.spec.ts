import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { TILE_WIDTH } from '#libs/tlog';
import { FullTiles } from './full-tiles.js';
import { recordFolder, recordPath, RecordFile } from './record-file.js';

const records = Array.from({ length: TILE_WIDTH }, (_, i) => ({
  entry: Buffer.from(`entry ${i}`),
  extra: Buffer.alloc(i),
}));

let directory: string;
let path: string;
let tiles: FullTiles;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'qrng-tiles-'));
  path = recordPath(directory, 0);
  mkdirSync(recordFolder(directory));
  const file = await RecordFile.create(path, 0);
  await file.append(records);
  await file.close();
  tiles = new FullTiles(directory);
});
afterEach(() => rmSync(directory, { recursive: true }));

test('every record of a full tile is found, in whatever order they are asked for', async () => {
  for (const number of [255, 0, 1, 128, 254]) expect(await tiles.record(0, number)).toEqual(records[number]);
});

test('what is damaged after it was read once keeps its own record back, until the file is put back', async () => {
  const good = readFileSync(path);
  await tiles.record(0, 0);
  const damaged = Buffer.from(good);
  damaged[good.indexOf('entry 7')] = 0;
  writeFileSync(path, damaged);
  expect(await tiles.record(0, 200)).toEqual(records[200]);
  await expect(tiles.record(0, 7)).rejects.toThrow(/00000000 does not have its record 7/);
  await expect(tiles.record(0, 7)).rejects.toThrow(/7 whole records instead of 256/);
  writeFileSync(path, good);
  expect(await tiles.record(0, 7)).toEqual(records[7]);
});

test('a record that lies elsewhere than before is not taken for another one', async () => {
  await tiles.record(0, 0);
  rmSync(path);
  const file = await RecordFile.create(path, 0);
  await file.append(records.toReversed());
  await file.close();
  await expect(tiles.record(0, 9)).rejects.toThrow(/does not have its record 9/);
});

test('a tile that retention removed has no records', async () => {
  await tiles.record(0, 0);
  rmSync(path);
  expect(await tiles.record(0, 0)).toBeUndefined();
  expect(await tiles.record(1, 0)).toBeUndefined();
});
