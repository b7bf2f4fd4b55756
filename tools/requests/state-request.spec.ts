import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { temporaryFolder } from '../../test/support/gateway.js';
import { ask } from './state-request.js';

test('a command that was cut off leaves a request, and the next one names the file instead of the permissions', async () => {
  const directory = temporaryFolder();
  const request = join(directory, 'sources.request');
  writeFileSync(request, 'left\n');
  await expect(ask('collector', directory, 'sources', [])).rejects.toThrow(
    `${request} is there: another command waits for its answer, or one was cut off; then remove it`,
  );
  expect(readFileSync(request, 'utf8')).toBe('left\n');
});

test('a directory that is not there is named', async () => {
  await expect(ask('gateway', '/no/such', 'blocks', [])).rejects.toThrow(
    "/no/such: ENOENT. Is it the gateway's state directory, and may you write to it?",
  );
});
