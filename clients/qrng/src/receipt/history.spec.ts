import { generateKeyPairSync, randomInt } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { leafHash, signCheckpoint, subtreesOf, treeRoot } from '../../../../libs/tlog/src/index.js';
import type { Checkpoint } from '../../../../libs/tlog/src/index.js';
import { continued, TwoHistoriesError } from './history.js';

const key = { name: 'gateway.example.com/receipts', key: generateKeyPairSync('ed25519').privateKey };
const SIZES = [0, 1, 2, 3, 255, 256, 257, 511, 512, 700];

/** A log in memory, as c2sp.org/tlog-tiles serves it. */
class Log {
  readonly #levels: Buffer[][];

  constructor(readonly leaves: readonly Buffer[]) {
    this.#levels = [[...leaves]];
    for (let level = 0; (this.#levels[level]?.length ?? 0) >= 256; level++) {
      const hashes = this.#levels[level] ?? [];
      const roots = Array.from({ length: Math.floor(hashes.length / 256) }, (_, i) =>
        treeRoot(256, subtreesOf(hashes.slice(256 * i, 256 * i + 256))),
      );
      this.#levels.push(roots);
    }
  }

  at(size: number): Checkpoint {
    return { origin: key.name, size, root: treeRoot(size, subtreesOf(this.leaves.slice(0, size))) };
  }

  readonly read = (path: string): Promise<Buffer> => {
    if (path === 'checkpoint') {
      return Promise.resolve(Buffer.from(signCheckpoint(this.at(this.leaves.length), key)));
    }
    const [, level, upper, lower, width = '256'] =
      /^tile\/(\d)\/((?:x\d{3}\/)*)(\d{3})(?:\.p\/(\d+))?$/.exec(path) ?? [];
    const first = 256 * Number(`${(upper ?? '').replace(/\D/g, '')}${lower ?? ''}`);
    const hashes = this.#levels[Number(level)]?.slice(first, first + Number(width)) ?? [];
    if (hashes.length !== Number(width)) throw new Error(`there is no ${path}`);
    return Promise.resolve(Buffer.concat(hashes));
  };
}

const leaf = (name: string): Buffer => leafHash(Buffer.from(name));
const all = Array.from({ length: 65_800 }, (_, i) => leaf(`${i}`));

describe.each(SIZES)('a log of %i entries', (size) => {
  const log = new Log(all.slice(0, size));
  const smaller = SIZES.filter((one) => one <= size);

  test('begins with each state that it signed before', async () => {
    for (const before of smaller) {
      expect((await continued(log.at(before), [key], log.read)).now.size).toBe(size);
    }
  });

  test('does not begin with a state in which one entry was another', async () => {
    for (const before of smaller.filter((one) => one > 0)) {
      const other = all.slice(0, before);
      other[randomInt(before)] = leaf('other');
      const lie = new Log(other).at(before);
      await expect(continued(lie, [key], log.read)).rejects.toThrow(TwoHistoriesError);
    }
  });
});

test('a log of three levels of tiles begins with those before, and not with another one', async () => {
  const log = new Log(all);
  for (const before of [1, 65_535, 65_536, 65_537]) await continued(log.at(before), [key], log.read);
  const other = new Log([...all.slice(0, 65_000), leaf('other'), ...all.slice(65_001)]);
  await expect(continued(other.at(65_600), [key], log.read)).rejects.toThrow(TwoHistoriesError);
});

describe('a log is refused', () => {
  const log = new Log(all.slice(0, 300));

  test('that shows fewer entries than it has signed', async () => {
    await expect(continued(new Log(all.slice(0, 301)).at(301), [key], log.read)).rejects.toThrow(
      'shows 300 entries, fewer than the 301',
    );
  });

  test('of another name or key', async () => {
    const before = log.at(10);
    const stranger = { ...key, key: generateKeyPairSync('ed25519').privateKey };
    await expect(continued(before, [stranger], log.read)).rejects.toThrow('no known key has signed');
    await expect(continued({ ...before, origin: 'other' }, [key], log.read)).rejects.toThrow('not other');
  });

  test('whose tiles are cut or changed', async () => {
    const tampered = (change: (tile: Buffer) => Buffer) => async (path: string) =>
      path === 'checkpoint' ? log.read(path) : change(await log.read(path));
    await expect(
      continued(
        log.at(257),
        [key],
        tampered((tile) => tile.subarray(1)),
      ),
    ).rejects.toThrow('is not a tile');
    const zeros = tampered((tile) => Buffer.alloc(tile.length));
    await expect(continued(log.at(257), [key], zeros)).rejects.toThrow('two histories');
  });
});
