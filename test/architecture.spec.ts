/** docs/architecture.md: its table has every room of the gateway, on the floor where lint has it, and every file that it names exists. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

const SOURCES = 'apps/gateway/src';
const text = readFileSync('docs/architecture.md', 'utf8');

/** The floor of each room, by the table of the document. */
function documented(): Map<string, number> {
  const rooms = new Map<string, number>();
  let floor = NaN;
  for (const [, number = '', names = ''] of text.matchAll(/^\| (\d?) *\| (`[^|]+) \|/gm)) {
    if (number !== '') floor = Number(number);
    for (const [, name = ''] of names.matchAll(/`([^`]+)`/g)) rooms.set(name, floor);
  }
  return rooms;
}

/** The floor of each room, by the rules of lint. */
function ruled(): Map<string, number> {
  const rules = readFileSync('.dependency-cruiser.js', 'utf8');
  const table = /^const GATEWAY = (\[[\s\S]*?\n\]);/m.exec(rules)?.[1] ?? '[]';
  const floors = JSON.parse(table.replaceAll("'", '"').replaceAll(/,(\s*\])/g, '$1')) as string[][];
  return new Map(floors.flatMap((rooms, floor) => rooms.map((room) => [room, floor] as const)));
}

test('docs/architecture.md has every room of the gateway, and the floor that lint holds it to', () => {
  const rooms = readdirSync(SOURCES)
    .filter((name) => !name.endsWith('.spec.ts'))
    .map((name) => name.replace(/\.ts$/, ''));
  expect([...documented().keys()].sort()).toEqual(rooms.sort());
  expect(Object.fromEntries(documented())).toEqual(Object.fromEntries(ruled()));
});

test('every file that docs/architecture.md names is there', () => {
  const named = [...text.matchAll(/`((?:[a-z-]+\/)+[a-z.-]*)`/g)].map(([, path = '']) => path);
  const places = (path: string): string[] =>
    ['.', SOURCES, `${SOURCES}/pool`].map((folder) => `${folder}/${path}`);
  const missing = named.filter((path) =>
    places(path.replace(/\.ts$/, '')).every((place) => !existsSync(place) && !existsSync(`${place}.ts`)),
  );
  expect(named.length).toBeGreaterThan(10);
  expect(missing).toEqual([]);
});
