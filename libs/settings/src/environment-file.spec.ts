import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { environmentFaults } from './environment-faults.js';
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

  /** As systemd 252 took them; it logs nothing of them but "Ignoring invalid environment assignment", without the line. */
  test.each([
    ['QRNG_A=1\n# b\n;c\n\n QRNG_B = "2 # 3"\n\tQRNG_C=4\n', []],
    ['# was: export QRNG_A=1 # x\nQRNG_B=a#b\n', []],
    ['QRNG_A="-----BEGIN\nMC4=\n-----END"\r\nQRNG_B=2\r\n', []],
    ['export QRNG_A=1\nQRNG_B=2', ['line 1 is ignored: it is not NAME=VALUE, and systemd knows no `export`']],
    ['QRNG_A\n\nQRNG_B=2', ['line 1 is ignored: it is not NAME=VALUE']],
    [
      'QRNG_B=2\n1A=1\nQRNG-A=1\n=x\nend',
      [2, 3, 4, 5].map((n) => `line ${n} is ignored: it is not NAME=VALUE`),
    ],
    [
      '\ufeffQRNG_A=1\nQRNG_B=2',
      ['line 1 is ignored: it is not NAME=VALUE; the file begins with a byte order mark'],
    ],
    ['\ufeff# a\nQRNG_B=2', []],
    ['QRNG_A=1\nQRNG_B=2\nQRNG_A=3', ['line 1 has no effect: line 3 sets QRNG_A again']],
    ['QRNG_A=1 # one\nQRNG_B=2', ['line 1 has no comment: what follows # is a part of the value']],
    ...[
      '# a \\\nQRNG_A=1\nQRNG_B=2',
      'QRNG_B=1\\\nQRNG_A=1\nQRNG_C=3',
      'QRNG_B="1\nQRNG_A=it"s\nQRNG_C=3',
    ].map((text): [string, string[]] => [
      text,
      [
        'line 2 does not set QRNG_A: it is a part of what is above, which ends in a backslash or has an open quote',
      ],
    ]),
  ])('%j: what is not as it looks is %j', (text, faults) => expect(environmentFaults(text)).toEqual(faults));

  test.each([
    ['QRNG_A=\xfcx\n', true],
    ['QRNG_\xfc=x\n', true],
    ['QRNG_A=a\0b\n', true],
    ['# \xfc\nQRNG_B=2\n', false],
  ])('%j in Latin-1: refused as a whole? %p', (text, isRefused) => {
    const file = join(mkdtempSync(join(tmpdir(), 'qrng-env-')), 'app.env');
    writeFileSync(file, text, 'latin1');
    const read = (): unknown => readEnvironmentFile(file);
    if (isRefused) expect(read).toThrow('cannot be read (not UTF-8: systemd refuses it)');
    else expect(read()).toEqual({ QRNG_B: '2' });
    rmSync(dirname(file), { recursive: true });
  });

  test('says which file cannot be read', () => {
    const read = (): unknown => readEnvironmentFile('/nope/gateway.env');
    expect(read).toThrow(EnvironmentFileError);
    expect(read).toThrow('/nope/gateway.env cannot be read (ENOENT)');
  });
});
