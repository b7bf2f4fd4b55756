/** In a process of its own, whose output can be left unread. Needs `npm run build`. */
import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, test } from '@jest/globals';

const MODULE = resolve('dist/libs/log/src/log-destination.js');

/** A process that writes `count` lines of 1 KiB in one go, and then does what `after` says. */
function writing(count: number, after = ''): ChildProcessByStdio<null, Readable, null> {
  return spawn(process.execPath, scriptOf(count, after), { stdio: ['ignore', 'pipe', 'inherit'] });
}

function scriptOf(count: number, after: string): string[] {
  const script = `import { logDestination } from ${JSON.stringify(MODULE)};
    const line = 'é'.repeat(511) + '!\\n';
    for (let i = 0; i < ${count}; i++) logDestination().write(line);
    ${after}`;
  return ['--input-type=module', '--eval', script];
}

async function printed(count: number): Promise<string[]> {
  return (await text(writing(count).stdout)).split('\n').slice(0, -1);
}

test('every line is there in the end, whole', async () => {
  const lines = await printed(5000);
  expect(lines).toHaveLength(5000);
  expect(new Set(lines)).toEqual(new Set(['é'.repeat(511) + '!']));
});

test('every line is there when the process is asked to end, with its own exit code', async () => {
  const child = writing(5000, 'process.exit(7);');
  const ended = once(child, 'exit');
  expect((await text(child.stdout)).split('\n')).toHaveLength(5001);
  expect(await ended).toEqual([7, null]);
});

test('beyond 16 MiB that nobody has read lines are dropped, and their number is logged', async () => {
  const lines = await printed(20_000);
  const last = JSON.parse(lines.pop() ?? '') as Record<string, unknown>;
  expect(lines).toHaveLength(16_384);
  expect(last).toMatchObject({ level: 40, event: 'log-lines-dropped', lines: 20_000 - 16_384 });
});

test('a process whose log nobody reads goes on, and ends when asked to', async () => {
  const child = writing(5000, 'setTimeout(() => process.exit(0), 1500);'); // the output is left where it is
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  expect({ code, signal }).toEqual({ code: null, signal: 'SIGKILL' });
});

test('a full disk behind the log ends no process, and keeps none from ending', async () => {
  const full = openSync('/dev/full', 'w');
  const after =
    'setInterval(() => logDestination().write(line), 100); setTimeout(() => process.exit(7), 700);';
  const child = spawn(process.execPath, scriptOf(100, after), { stdio: ['ignore', full, 'inherit'] });
  expect(await once(child, 'exit')).toEqual([7, null]);
  closeSync(full);
});

test.each([1, 100])('%i lines for a full disk keep no process from ending at once', async (count) => {
  const full = openSync('/dev/full', 'w');
  const child = spawn(process.execPath, scriptOf(count, 'process.exit(7);'), {
    stdio: ['ignore', full, 'inherit'],
  });
  expect(await once(child, 'exit')).toEqual([7, null]);
  closeSync(full);
});
