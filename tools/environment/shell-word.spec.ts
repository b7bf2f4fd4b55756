import { execFileSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { shellWord } from './shell-word.js';

test.each(['plain/path.pem', 'two words', "it's", '"', '$HOME `id` \\ * ~ #', '', 'ä\nb', "''"])(
  'a shell reads %j back as it was',
  (text) => {
    const printed = execFileSync('sh', ['-c', `printf %s ${shellWord(text)}`], { encoding: 'utf8' });
    expect(printed).toBe(text);
  },
);

test('leaves plain text without quotes', () => expect(shellWord('/etc/x-1.pem')).toBe('/etc/x-1.pem'));
