import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { lockState } from './lock.js';
import { StateError } from './state-error.js';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qrng-lock-'));
  path = join(folder, 'lock');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** What the lock of a process says. */
function identityOf(pid: number): string {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  return `${pid} ${fields[19]}`;
}

describe('lockState', () => {
  test('names this process until it is given back', () => {
    const release = lockState(folder);
    expect(readFileSync(path, 'utf8')).toBe(identityOf(process.pid));
    release();
    expect(existsSync(path)).toBe(false);
  });

  test('is refused while another process that holds it lives, and taken over after its death', async () => {
    const other = spawn('sleep', ['60']);
    writeFileSync(path, identityOf(other.pid ?? 0));
    expect(() => lockState(folder)).toThrow(
      new StateError(`${folder} is in use by the collector with process id ${other.pid}`),
    );
    const dead = once(other, 'exit');
    other.kill('SIGKILL');
    await dead;
    lockState(folder)();
  });

  test.each([
    ['a process number that was given to another program', `${process.ppid} 1`],
    ['nothing, since its writer was cut off', ''],
    ['this process number, as after a restart of a container', `${process.pid} 17`],
    ['nonsense', '../../etc'],
  ])('is taken over when it says %s', (_, text) => {
    writeFileSync(path, text);
    lockState(folder)();
  });

  test('says so when the folder cannot be written', () => {
    expect(() => lockState(join(folder, 'absent'))).toThrow(StateError);
  });
});
