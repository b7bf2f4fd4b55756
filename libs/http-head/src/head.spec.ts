import { describe, expect, test } from '@jest/globals';
import { keepAliveMs, parseHead } from './head.js';

function head(...lines: string[]) {
  const parsed = parseHead(lines.join('\r\n'));
  if (parsed === undefined) throw new Error('no head');
  return parsed;
}

describe('parseHead', () => {
  test('gives the status and headers by name in lower case, without the spaces around their values', () => {
    const { minor, status, headers } = head('HTTP/1.1 507 Insufficient Storage', 'Retry-After: \t3 ', 'X:');
    expect({ minor, status, headers: [...headers] }).toEqual({
      minor: 1,
      status: 507,
      headers: [
        ['retry-after', '3'],
        ['x', ''],
      ],
    });
  });

  test('takes no value of a header that comes twice for the only one', () => {
    expect(head('HTTP/1.0 200', 'A: 1', 'a: 1').headers.get('a')).toBe('1, 1');
  });

  test.each([
    '',
    'HTTP/2 200',
    'HTTP/1.2 200 OK',
    'http/1.1 200 OK',
    'HTTP/1.1  200 OK',
    'HTTP/1.1 2000 OK',
    'HTTP/1.1 200 O\nK',
    'HTTP/1.1 200 OK\r\nA : 1',
    'HTTP/1.1 200 OK\r\nA: 1\r\n 2',
    'HTTP/1.1 200 OK\r\nA: 1\nB: 2',
    'HTTP/1.1 200 OK\r\nA: 1\0',
    'HTTP/1.1 200 OK\r\nnothing',
    'HTTP/1.1 200 OK\r\n: nameless',
  ])('refuses %j', (text) => expect(parseHead(text)).toBeUndefined());

  test('reads any number of blanks once, whatever comes behind them', () => {
    const blanks = ' \t'.repeat(100_000); // an expression would be at it for days
    expect(parseHead(`HTTP/1.1 200\r\nA:${blanks}\0`)).toBeUndefined();
    expect(head('HTTP/1.1 200', `A:${blanks}b${blanks}c${blanks}`).headers.get('a')).toBe(`b${blanks}c`);
    expect(head('HTTP/1.1 200', `A:${blanks}`, 'B:\xa0').headers).toEqual(
      new Map([
        ['a', ''],
        ['b', '\xa0'],
      ]),
    );
  });
});

test.each([
  [0, ['HTTP/1.1 200', 'Connection: Close']],
  [0, ['HTTP/1.0 200', 'Keep-Alive: timeout=5']],
  [4000, ['HTTP/1.1 200', 'Keep-Alive: timeout=5, max=3']],
  [0, ['HTTP/1.1 200', 'Keep-Alive: timeout=0']],
  [Infinity, ['HTTP/1.1 200', 'Keep-Alive: timeout=99999999']],
  [Infinity, ['HTTP/1.1 200']],
])('a connection may be used again for %d ms after %j', (ms, lines) => {
  expect(keepAliveMs(head(...lines))).toBe(ms);
});
