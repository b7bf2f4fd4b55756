import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { watchFiles } from './watch-files.js';

const folder = mkdtempSync(join(tmpdir(), 'qrng-watch-'));
const path = join(folder, 'key');
afterAll(() => rmSync(folder, { recursive: true }));

describe('watchFiles', () => {
  let calls = 0;
  let stop: () => void;

  beforeEach(() => {
    jest.useFakeTimers();
    calls = 0;
    writeFileSync(path, 'one');
    stop = watchFiles([path, join(folder, 'absent')], () => calls++, 100);
  });

  afterEach(() => {
    stop();
    jest.useRealTimers();
  });

  test('says nothing while nothing changes', () => {
    jest.advanceTimersByTime(1000);
    expect(calls).toBe(0);
  });

  test('reports a written file once, when it keeps still', () => {
    writeFileSync(path, 'three');
    jest.advanceTimersByTime(100);
    expect(calls).toBe(0);
    jest.advanceTimersByTime(1000);
    expect(calls).toBe(1);
  });

  test('waits for the end of several changes', () => {
    for (let i = 0; i < 5; i++) {
      writeFileSync(path, 'x'.repeat(10 + i));
      jest.advanceTimersByTime(100);
    }
    expect(calls).toBe(0);
    jest.advanceTimersByTime(100);
    expect(calls).toBe(1);
  });

  test('notices a removed file, and one that came back', () => {
    rmSync(path);
    jest.advanceTimersByTime(200);
    writeFileSync(path, 'one');
    jest.advanceTimersByTime(200);
    expect(calls).toBe(2);
  });

  test('takes a path that cannot be looked at for one more change, and goes on', () => {
    rmSync(path);
    symlinkSync('key', path); // to itself: ELOOP, also for root
    jest.advanceTimersByTime(200);
    expect(calls).toBe(1);
    rmSync(path);
    writeFileSync(path, 'one');
    jest.advanceTimersByTime(200);
    expect(calls).toBe(2);
  });

  test('notices a link above the file that points elsewhere, as Kubernetes does it', () => {
    for (const name of ['old', 'new']) {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, 'key'), 'same');
    }
    symlinkSync('old', join(folder, 'data'));
    const end = watchFiles([join(folder, 'data', 'key')], () => calls++, 100);
    symlinkSync('new', join(folder, 'data.tmp'));
    renameSync(join(folder, 'data.tmp'), join(folder, 'data'));
    jest.advanceTimersByTime(200);
    expect(calls).toBe(1);
    end();
  });

  test('ends when told to', () => {
    stop();
    writeFileSync(path, 'two');
    jest.advanceTimersByTime(1000);
    expect(calls).toBe(0);
  });
});
