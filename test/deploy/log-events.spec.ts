/** docs/operations.md has a row for every event that an operator can see in a log. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';

const operations = readFileSync('docs/operations.md', 'utf8');

/** The rows under a heading, up to the next one. */
function rowsUnder(heading: string): string {
  return operations.split(`\n### ${heading}\n`)[1]?.split('\n## ')[0]?.split('\n### ')[0] ?? '';
}

describe.each([
  ['gateway', 'Of the gateway'],
  ['collector', 'Of the collector'],
])('the log events of the %s', (app, heading) => {
  const table = readFileSync(`apps/${app}/src/log-events.ts`, 'utf8')
    .split('const MESSAGES = {')[1]
    ?.split('} as const')[0];
  const events = [...(table ?? '').matchAll(/^ {2}'?([a-z-]+)'?:/gm)].map(([, event = '']) => event);
  const cells = [...rowsUnder(heading).matchAll(/^\| (`[^|]+) \|/gm)].map(([, cell = '']) => cell);
  const documented = cells.flatMap((cell) =>
    [...cell.matchAll(/`([a-z-]+)`/g)].map(([, event = '']) => event),
  );

  test('have a row each in docs/operations.md, and there is none for what is not logged', () => {
    expect(events.length).toBeGreaterThan(30);
    expect([...documented].sort()).toEqual([...events].sort());
  });
});
