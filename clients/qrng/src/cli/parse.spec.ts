import { describe, expect, test } from '@jest/globals';
import { COMMANDS } from './commands.js';
import { parse } from './parse.js';
import { UsageError } from './usage-error.js';

function parsed(line: string): ReturnType<typeof parse> {
  const [name = '', ...args] = line.split(' ');
  const command = COMMANDS.find((one) => one.name === name);
  if (command === undefined) throw new Error(`no command ${name}`);
  return parse(command, args);
}

describe('parse', () => {
  test('reads options before and after the argument', () => {
    expect(parsed('integers --min 1 6 --max=49 --unique')).toMatchObject({
      argument: '6',
      values: { min: '1', max: '49', unique: true },
    });
  });

  test.each(['integers --min -5 --max -1', 'integers --min=-5 --max=-1'])(
    'reads negative numbers: %s',
    (line) => {
      expect(parsed(line).values).toMatchObject({ min: '-5', max: '-1' });
    },
  );

  test.each([
    ['bytes --foo', "Unknown option '--foo'"],
    ['bytes --encoding', "Option '--encoding <value>' argument missing"],
    ['bytes --mix=yes', "Option '--mix' does not take an argument"],
    ['bytes --encoding utf8', '--encoding must be one of hex, base64, base64url, binary'],
    ['bytes --mix --mix', '--mix is given twice'],
    ['integers --min 1 --min 2', '--min is given twice'],
    ['bytes 1 2', 'unexpected argument "2"'],
    ['status 1', 'unexpected argument "1"'],
    ['permutation', 'qrng permutation needs COUNT'],
    ['completion tcsh', 'SHELL must be one of bash, zsh, fish'],
    ['feed --fifo --kernel', "Option '--fifo' argument is ambiguous"],
  ])('%s: %s', (line, message) => {
    expect(() => parsed(line)).toThrow(new UsageError(message));
  });
});
