import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { AnswerError, AnswerReader } from './answer.js';
import type { Answer } from './answer.js';

const read = (text: string): Answer | undefined => new AnswerReader().read(Buffer.from(text, 'latin1'));
const EMPTY = 'Content-Length: 0\r\n';

describe('AnswerReader', () => {
  test.each<[string, Answer]>([
    ['HTTP/1.1 204 No Content\r\n\r\n', { status: 204, keepMs: Infinity }],
    ['HTTP/1.1 204\r\nconnection: close\r\n\r\n', { status: 204, keepMs: 0 }],
    [`HTTP/1.1 409 \r\n${EMPTY}Keep-Alive: timeout=5\r\n\r\n`, { status: 409, keepMs: 4000 }],
    [
      `HTTP/1.1 507 x\r\nRetry-After: 3\r\n${EMPTY}\r\n`,
      { status: 507, retryAfterMs: 3000, keepMs: Infinity },
    ],
    [
      `HTTP/1.1 503 x\r\nRETRY-AFTER:  9999999 \r\n${EMPTY}\r\n`,
      { status: 503, retryAfterMs: 600_000, keepMs: Infinity },
    ],
    [
      `HTTP/1.1 503 x\r\nServer: nginx\r\nRetry-After: 1\r\n${EMPTY}\r\n`,
      { status: 503, retryAfterMs: 1000, keepMs: Infinity },
    ],
    [`HTTP/1.1 302 Found\r\nLocation: https://elsewhere\r\n${EMPTY}\r\n`, { status: 302, keepMs: Infinity }],
  ])('reads %j, whole and byte by byte', (text, answer) => {
    expect(read(text)).toEqual(answer);
    const reader = new AnswerReader();
    const bytes = Buffer.from(text, 'latin1');
    for (let i = 0; i < bytes.length - 1; i++) expect(reader.read(bytes.subarray(i, i + 1))).toBeUndefined();
    expect(reader.read(bytes.subarray(-1))).toEqual(answer);
  });

  test.each([
    ['an interim answer', 'HTTP/1.1 103 Early Hints\r\n\r\n', 'interim answer'],
    ['the beginning of one', 'HTTP/1.1 1', 'interim answer'],
    ['a body', 'HTTP/1.1 503 x\r\nContent-Length: 5\r\n\r\n', 'answer with a body'],
    ['a body of unknown length', 'HTTP/1.1 503 x\r\n\r\n', 'answer with a body'],
    ['a chunked body', 'HTTP/1.1 204 x\r\nTransfer-Encoding: chunked\r\n\r\n', 'answer with a body'],
    ['two lengths', `HTTP/1.1 503 x\r\n${EMPTY}Content-Length: 5\r\n\r\n`, 'answer with a body'],
    ['bytes behind the answer', `HTTP/1.1 204 x\r\n\r\nHTTP/1.1 204 x\r\n\r\n`, 'answer with a body'],
    ["a proxy's own 503", `HTTP/1.1 503 x\r\nServer: proxy\r\n${EMPTY}\r\n`, 'answer of a proxy'],
    ["a proxy's own 507", `HTTP/1.1 507 x\r\nVia: 1.1 proxy\r\n${EMPTY}\r\n`, 'answer of a proxy'],
    ['HTTP/1.0', `HTTP/1.0 204 x\r\n\r\n`, 'not HTTP/1.1'],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\n', 'not HTTP/1.1'],
    ['a header that is none', 'HTTP/1.1 204 x\r\nno header\r\n\r\n', 'not HTTP/1.1'],
    ['a folded header', 'HTTP/1.1 204 x\r\na: b\r\n c\r\n\r\n', 'not HTTP/1.1'],
    ['a status of four digits', 'HTTP/1.1 2040 x\r\n\r\n', 'not HTTP/1.1'],
    ['more than 8 KiB', `HTTP/1.1 204 ${'x'.repeat(8192)}`, 'answer without end'],
  ])('refuses %s', (_, text, message) => {
    expect(() => read(text)).toThrow(new AnswerError(message));
  });

  test('throws nothing but an AnswerError, whatever comes, and never reads more than 8 KiB', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 50 }), (chunks) => {
        const reader = new AnswerReader();
        try {
          for (const chunk of [Buffer.from('HTTP/1.1 2'), ...chunks.map((bytes) => Buffer.from(bytes))]) {
            if (reader.read(chunk) !== undefined) return;
          }
        } catch (error) {
          expect(error).toBeInstanceOf(AnswerError);
        }
      }),
    );
  });
});
