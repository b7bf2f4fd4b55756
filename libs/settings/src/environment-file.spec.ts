import { describe, expect, test } from '@jest/globals';
import { EnvironmentFileError, parseEnvironmentFile, readEnvironmentFile } from './environment-file.js';

describe('a file of environment variables, read as systemd reads it,', () => {
  test.each([
    ['plain', 'A=b', { A: 'b' }],
    ['space around name and value', ' A =  b c \t\nB=d', { A: 'b c', B: 'd' }],
    ['an empty value', 'A=\nB=""\nC=', { A: '', B: '', C: '' }],
    ['comments, at the start of a line alone', '#A=b\n;A=c\nB=d # e\n  # F=g', { B: 'd # e' }],
    ['a comment that ends in a backslash swallows the next line', '# a \\\nA=b\nB=c', { B: 'c' }],
    ['lines without =', 'A\nB=c', { B: 'c' }],
    ['no export', 'export A=b\nB=c', { B: 'c' }],
    ['single quotes', 'A=\'b "c" \\ $d #e \'', { A: 'b "c" \\ $d #e ' }],
    ['double quotes', 'A="b \\"c\\" \\\\ \\$d \\n"', { A: 'b "c" \\ $d \\n' }],
    ['quotes after each other', `A='b' "c"d`, { A: 'bcd' }],
    ['quotes inside a word', `A=b"c"'d'`, { A: `b"c"'d'` }],
    ['a line that goes on', 'A=b\\\nc\nB="d\\\ne"', { A: 'bc', B: 'de' }],
    ['a value of several lines in quotes', 'A="b\nc"', { A: 'b\nc' }],
    ['an escaped blank at the end', 'A=b\\ \nB=\\#c', { A: 'b ', B: '#c' }],
    ['no expansion', 'A=$B ${C} `d`', { A: '$B ${C} `d`' }],
    ['the last of several', 'A=b\nA=c', { A: 'c' }],
    ['Windows lines', 'A=b\r\nB=c\r\n', { A: 'b', B: 'c' }],
  ])('%s', (_, text, expected) => expect(parseEnvironmentFile(text)).toEqual(expected));

  test('says which file cannot be read', () => {
    const read = (): unknown => readEnvironmentFile('/nope/gateway.env');
    expect(read).toThrow(EnvironmentFileError);
    expect(read).toThrow('/nope/gateway.env cannot be read (ENOENT)');
  });
});
