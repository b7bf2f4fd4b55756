import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { diskProblem } from './disk-problem.js';

function thrownBy(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

test.each([
  [{ code: 'ENOSPC', syscall: 'write' }, 75, 'X must be on a disk with room (ENOSPC)'],
  [{ code: 'EDQUOT', syscall: 'write' }, 75, 'X must be on a disk with room (EDQUOT)'],
  [
    { code: 'EROFS', syscall: 'open', path: '/x/y' },
    78,
    'X must be usable: /x/y cannot be read or written (EROFS)',
  ],
  [{ code: 'EIO', syscall: 'read' }, 78, 'X must be usable: read failed (EIO)'],
  [
    { code: 'EMFILE', syscall: 'open', path: '/x' },
    75,
    'X must be usable: /x cannot be read or written (EMFILE)',
  ],
])('%o is a problem of the setting, in one line', (error, exitCode, line) => {
  expect(diskProblem('X', error)).toMatchObject({ exitCode, problems: [line] });
});

test('an error that Node throws is, too; one of the network or of the program is not', () => {
  expect(
    diskProblem(
      'X',
      thrownBy(() => readFileSync('/proc')),
    )?.problems,
  ).toEqual(['X must be usable: read failed (EISDIR)']);
  const others = [
    { code: 'EADDRINUSE', syscall: 'listen' },
    { code: 'ECONNRESET', syscall: 'read' },
    { code: 'EPIPE', syscall: 'write' },
    { code: 'ENOENT', syscall: 'spawn flock', path: 'flock' },
    new TypeError('x'),
    undefined,
    'text',
  ];
  for (const error of others) expect(diskProblem('X', error)).toBeUndefined();
});
