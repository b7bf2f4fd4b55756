/** Every lie of the simulator against the health tests and the state of its source: the table of docs/health-tests.md. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { BLOCK_BYTES, BlockCutter, SourceHealth } from '#libs/entropy';
import { LIE_KINDS, liar } from '#libs/quantis/simulator';
import type { Liar, LieKind } from '#libs/quantis/simulator';
import { SourceState } from '../../apps/collector/src/sources/source-state.js';

const DOCUMENT = readFileSync('docs/health-tests.md', 'utf8');
const CHUNK = 65_536;
/** A source that was not latched until then is not found out. */
const MOST = 96 * 1024 * 1024;
const MS_PER_BLOCK = BLOCK_BYTES / 500; // 500 kB/s

interface Row {
  readonly kind: LieKind;
  readonly options: { value?: number; distance?: number };
  readonly tests: readonly string[];
  /** KiB until the first alarm, and those that passed until the source was latched. */
  readonly caught: number;
  readonly passed: number;
}

/** Rows such as: | 52 % ones | `ones 520` | bias | 64 | 64 | */
function rows(): Row[] {
  const pattern = /^\|[^|]+\| `([a-z0-9-]+)( [\d ]+)?` \| ([a-z_, ]+) \| (\d+) \| (\d+) \|$/gm;
  return [...DOCUMENT.matchAll(pattern)].map(([, kind, numbers = '', tests = '', caught, passed]) => {
    const [value, distance] = numbers.trim().split(' ').filter(Boolean).map(Number);
    return {
      kind: kind as LieKind,
      options: { ...(value === undefined ? {} : { value }), ...(distance === undefined ? {} : { distance }) },
      tests: tests.split(', '),
      caught: Number(caught),
      passed: Number(passed),
    };
  });
}

/** What becomes of a source that tells this lie, until it is latched. */
function play(lie: Liar): { caught: number; passed: number; tests: Set<string> } {
  const health = new SourceHealth('liar');
  const state = new SourceState(100, 30_000);
  const cutter = new BlockCutter();
  const tests = new Set<string>();
  let [seen, caught, passed, now] = [0, Infinity, 0, 0];
  while (state.name !== 'persistent' && seen < MOST) {
    const answer = lie(CHUNK);
    health.answered(answer);
    for (const block of cutter.cut(answer)) {
      seen += BLOCK_BYTES;
      now += MS_PER_BLOCK;
      const judgement = health.judge(block);
      const { drop, failed } = state.judged(judgement, now);
      if (drop === undefined) passed += BLOCK_BYTES;
      if (!failed) continue;
      for (const failure of judgement.failures) tests.add(failure);
      caught = Math.min(caught, seen);
      break; // the rest of the answer goes with its block
    }
  }
  return { caught: caught / 1024, passed: passed / 1024, tests };
}

describe('a source that lies', () => {
  test.each(rows())(
    '$kind $options is caught within $caught KiB, and latched with at most $passed KiB passed',
    (row) => {
      const { caught, passed, tests } = play(liar(row.kind, row.options));
      expect({ caught, within: caught <= row.caught }).toEqual({ caught, within: true });
      expect({ passed, within: passed <= row.passed }).toEqual({ passed, within: true });
      expect([...tests].some((name) => row.tests.includes(name))).toBe(true);
    },
  );

  test('has its row, for each lie, or the sentence that no test finds it', () => {
    const found = new Set<string>(rows().map(({ kind }) => kind));
    const beyond = LIE_KINDS.filter((kind) => !found.has(kind));
    expect(beyond).toEqual(['lcg', 'rc4']);
    expect(DOCUMENT).toContain('`lcg`, `rc4`');
  });

  test.each(['lcg', 'rc4'] as const)('%s is a generator that no test on line finds', (kind) => {
    const health = new SourceHealth('liar');
    const lie = liar(kind);
    for (let i = 0; i < 512; i++) expect(health.judge(lie(BLOCK_BYTES)).tier).toBe('pass');
  });
});
