import { describe, expect, test } from '@jest/globals';
import { readCommand } from './egd-command.js';

describe('readCommand', () => {
  test.each([
    [[0], { kind: 'available' }, 1],
    [[1, 16], { kind: 'now', count: 16 }, 2],
    [[2, 255, 2], { kind: 'wait', count: 255 }, 2],
    [[2, 0], { kind: 'wait', count: 0 }, 2],
    [[3, 0, 8, 2, 0xaa, 0xbb, 0], { kind: 'offer' }, 6],
    [[3, 0, 0, 0], { kind: 'offer' }, 4],
  ])('%j is %j', (bytes, command, length) => {
    expect(readCommand(Buffer.from(bytes))).toEqual({ command, length });
  });

  test.each([[[]], [[1]], [[2]], [[3]], [[3, 0, 8]], [[3, 0, 8, 2, 0xaa]]])('%j is not complete', (bytes) => {
    expect(readCommand(Buffer.from(bytes))).toBeUndefined();
  });

  test.each([4, 5, 0x47, 255])('%d is no command', (code) => {
    expect(() => readCommand(Buffer.of(code, 0))).toThrow('is no command of EGD');
  });
});
