/** In a process of its own, whose output can be left unread. Needs `npm run build`. */
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from '@jest/globals';

const MODULE = resolve('dist/apps/gateway/src/log-destination.js');

/** What a process prints that writes `count` lines of 1 KiB in one go. */
async function printed(count: number): Promise<string[]> {
  const script = `import { logDestination } from ${JSON.stringify(MODULE)};
    const line = 'é'.repeat(511) + '!\\n';
    for (let i = 0; i < ${count}; i++) logDestination.write(line);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return (await text(child.stdout)).split('\n').slice(0, -1);
}

test('every line is there in the end, whole', async () => {
  const lines = await printed(5000);
  expect(lines).toHaveLength(5000);
  expect(new Set(lines)).toEqual(new Set(['é'.repeat(511) + '!']));
});

test('beyond 16 MiB that nobody has read lines are dropped, and it is told how many', async () => {
  const lines = await printed(20_000);
  const last = JSON.parse(lines.pop() ?? '') as Record<string, unknown>;
  expect(lines).toHaveLength(16_384);
  expect(last).toMatchObject({ level: 40, event: 'log-lines-dropped', lines: 20_000 - 16_384 });
});
