import { expect, test } from '@jest/globals';
import { RedisError } from './redis-error.js';

test.each([
  ['offline', 'Redis is not connected yet', true],
  ['refused', 'OOM command not allowed when used memory > maxmemory', true],
  ['refused', "READONLY You can't write against a read only replica.", true],
  ['refused', 'NOREPLICAS Not enough good replicas to write.', true],
  // A script ended halfway: what it did before stays done.
  ['refused', 'ERR user_script:12: attempt to index a nil value', false],
  ['refused', 'WRONGTYPE Operation against a key holding the wrong kind of value', false],
  ['refused', 'ERR OOM in the words of somebody else', false],
  ['unanswered', 'OOM', false],
] as const)('%s, %s: undone is %s', (code, message, undone) => {
  expect(new RedisError(code, message).undone).toBe(undone);
});
