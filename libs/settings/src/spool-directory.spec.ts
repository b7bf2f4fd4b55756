import { expect, test } from '@jest/globals';
import { spoolDirectory } from './spool-directory.js';

test.each([
  ['spool:///var/spool/qrng', '/var/spool/qrng'],
  ['spool:///var/with%20space', '/var/with space'],
  ['spool:///', undefined],
  ['spool:////', undefined],
  ['spool://host/x', undefined],
  ['spool:///a?b', undefined],
  ['spool:///a#b', undefined],
  ['spool:///100%', undefined],
  ['spool:///%ff', undefined],
  ['spool:///a%00b', undefined],
])('the directory of %s is %s', (url, directory) => {
  expect(spoolDirectory(url)).toBe(directory);
});
