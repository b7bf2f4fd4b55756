/**
 * Reads the one answer to a push, strictly: a status, headers, no body. Pure; what comes from the other side is bounded
 * here, and nothing of it goes further but a status and two numbers.
 *
 *   HTTP/1.1 507 Insufficient Storage  CRLF  Retry-After: 3  CRLF  Content-Length: 0  CRLF  CRLF
 *
 * Whatever else comes is no answer of a gateway and says nothing about the packet: interim answers (1xx), a body, more bytes
 * than an answer has. A proxy may have spoken, after the gateway took the packet.
 */
import { keepAliveMs, parseHead } from '#libs/http-head';
import { parseRetryAfter } from '#libs/retry';

/** The most bytes of an answer. */
const MAX_ANSWER_BYTES = 8192;

export interface Answer {
  readonly status: number;
  readonly retryAfterMs?: number;
  /** For how long the connection may be used again, ms; 0: not at all. */
  readonly keepMs: number;
}

/** What came is no answer of a gateway; the message says why, in our words. */
export class AnswerError extends Error {
  override readonly name = 'AnswerError';
}

export class AnswerReader {
  #head = Buffer.alloc(0);

  /**
   * Reads what came next.
   *
   * @returns the answer once it is complete.
   * @throws {AnswerError} when it is none.
   */
  read(chunk: Buffer): Answer | undefined {
    this.#head = Buffer.concat([this.#head, chunk]);
    const end = this.#head.indexOf('\r\n\r\n');
    if (this.#head.length > MAX_ANSWER_BYTES) throw new AnswerError('answer without end');
    if (end < 0) {
      checkStart(this.#head.toString('latin1'));
      return undefined;
    }
    if (this.#head.length > end + 4) throw new AnswerError('answer with a body');
    return answerOf(this.#head.subarray(0, end).toString('latin1'));
  }
}

/** Interim answers end it at once, not when their heads are complete. */
function checkStart(text: string): void {
  if (text.startsWith('HTTP/1.1 1')) throw new AnswerError('interim answer');
}

function answerOf(text: string): Answer {
  const head = parseHead(text);
  if (head?.minor !== 1) throw new AnswerError('not HTTP/1.1');
  const { status, headers } = head;
  if (status < 200) throw new AnswerError('interim answer');
  checkEmpty(status, headers);
  const retryAfterMs = parseRetryAfter(headers.get('retry-after'), Date.now());
  if (isForeign(status, headers, retryAfterMs)) throw new AnswerError('answer of a proxy');
  return {
    status,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    keepMs: keepAliveMs(head),
  };
}

function checkEmpty(status: number, headers: ReadonlyMap<string, string>): void {
  const length = headers.get('content-length');
  const empty = status === 204 ? (length ?? '0') === '0' : length === '0';
  if (!empty || headers.has('transfer-encoding')) throw new AnswerError('answer with a body');
}

/**
 * A gateway always says with 503 and 507 when to come again (contract). One of these without it, from something that gives
 * its name, is a proxy's own.
 */
function isForeign(
  status: number,
  headers: ReadonlyMap<string, string>,
  retryAfterMs: number | undefined,
): boolean {
  const refusal = status === 503 || status === 507;
  return refusal && retryAfterMs === undefined && (headers.has('server') || headers.has('via'));
}
