/**
 * Reads one answer of an appliance: the head, and a body of exactly as many bytes as were asked for. Pure and strict.
 *
 *   head -> body with Content-Length, or until the connection ends
 *        -> (size -> chunk -> end of chunk)* -> last
 *
 * Nothing that comes is kept but the body and one unfinished line or head of at most 8 KiB.
 */
import { keepAliveMs, parseHead } from '#libs/http-head';
import { wipeAndFree } from '#libs/entropy';
import { checkHead } from './check-head.js';
import { SourceError } from './source.js';

const MAX_HEAD_BYTES = 8192;
/** The size of a chunk and its extension. */
const MAX_LINE_BYTES = 256;
/** What an answer in chunks may take beside its bytes: twice as much as these, and this. */
const MAX_FRAMING_BYTES = 65_536;

type Part = 'head' | 'body' | 'size' | 'chunk' | 'chunk-end' | 'last' | 'done';

export class ApplianceAnswer {
  readonly #body: Buffer;
  #length = 0;
  #part: Part = 'head';
  /** What came of the head or line that is being read. */
  #line = Buffer.alloc(0);
  /** Bytes of the chunk that are still to come. */
  #left = 0;
  #read = 0;
  #keepMs = 0;
  #endsWithConnection = false;

  /** @param bytes that were asked for. */
  constructor(private readonly bytes: number) {
    this.#body = Buffer.allocUnsafeSlow(bytes);
  }

  /** For how long the connection may be used again, ms; known once the answer is complete. */
  get keepMs(): number {
    return this.#keepMs;
  }

  /**
   * Reads what came next; `piece` may be wiped afterwards.
   *
   * @returns the body, which is the caller's, once the answer is complete.
   * @throws {SourceError} when it is not what was asked for.
   */
  read(piece: Buffer): Buffer | undefined {
    this.#read += piece.length;
    if (this.#read > 2 * this.bytes + MAX_FRAMING_BYTES) {
      throw new SourceError('protocol', 'sent far more than was asked for');
    }
    for (let rest = piece; rest.length > 0;) rest = rest.subarray(this.#take(rest));
    return this.#part === 'done' ? this.#body : undefined;
  }

  /** The connection has ended: the body, if that completes it. @throws {SourceError} otherwise. */
  end(): Buffer {
    if (!this.#endsWithConnection) throw new SourceError('connection', 'the connection broke (closed)');
    if (this.#length < this.bytes) {
      throw new SourceError('length', `sent ${this.#length} of ${this.bytes} bytes`);
    }
    return this.#body;
  }

  /** Wipes what came of the body. */
  drop(): void {
    wipeAndFree(this.#body);
  }

  /** Takes some of `rest`; returns how many bytes that was. */
  #take(rest: Buffer): number {
    switch (this.#part) {
      case 'head':
        return this.#takeLine(rest, '\r\n\r\n', MAX_HEAD_BYTES, (text) => this.#startBody(text));
      case 'size':
        return this.#takeLine(rest, '\r\n', MAX_LINE_BYTES, (text) => this.#startChunk(text));
      case 'chunk-end':
        return this.#takeLine(rest, '\r\n', 0, () => (this.#part = 'size'));
      case 'last':
        return this.#takeLine(rest, '\r\n', 0, () => this.#complete());
      case 'chunk':
        return this.#takeChunk(rest);
      case 'body':
        this.#keep(rest);
        if (this.#length === this.bytes && !this.#endsWithConnection) this.#part = 'done';
        return rest.length;
      case 'done':
        throw this.#tooLong();
    }
  }

  #takeLine(rest: Buffer, terminator: string, most: number, then: (text: string) => void): number {
    const before = this.#line.length;
    const line = Buffer.concat([this.#line, rest.subarray(0, most + terminator.length - before)]);
    const end = line.indexOf(terminator);
    const text = line.toString('latin1', 0, Math.max(end, 0));
    this.#line.fill(0);
    if (end < 0) {
      if (line.length >= most + terminator.length) {
        throw new SourceError('protocol', 'broke the bounds of HTTP');
      }
      if (this.#part === 'head') checkStart(line.toString('latin1'));
      this.#line = line;
      return line.length - before;
    }
    line.fill(0); // bytes of the body may have come with it
    this.#line = Buffer.alloc(0);
    then(text);
    return end + terminator.length - before;
  }

  #startBody(text: string): void {
    const head = parseHead(text);
    if (head === undefined) throw new SourceError('protocol', 'sent what is not HTTP/1');
    if (head.status < 200) throw new SourceError('protocol', 'sent an interim answer');
    const framing = checkHead(head, this.bytes);
    this.#endsWithConnection = framing === 'connection';
    this.#keepMs = this.#endsWithConnection ? 0 : keepAliveMs(head);
    this.#part = framing === 'chunks' ? 'size' : 'body';
  }

  #startChunk(text: string): void {
    const size = /^([0-9A-Fa-f]{1,8})[ \t]*(;.*)?$/.exec(text)?.[1];
    if (size === undefined) throw new SourceError('protocol', 'sent a chunk without a size');
    this.#left = Number.parseInt(size, 16);
    if (this.#length + this.#left > this.bytes) throw this.#tooLong();
    this.#part = this.#left === 0 ? 'last' : 'chunk';
  }

  #takeChunk(rest: Buffer): number {
    const part = rest.subarray(0, this.#left);
    this.#keep(part);
    this.#left -= part.length;
    if (this.#left === 0) this.#part = 'chunk-end';
    return part.length;
  }

  #complete(): void {
    if (this.#length < this.bytes) {
      throw new SourceError('length', `sent ${this.#length} of ${this.bytes} bytes`);
    }
    this.#part = 'done';
  }

  #keep(part: Buffer): void {
    if (this.#length + part.length > this.bytes) throw this.#tooLong();
    this.#length += part.copy(this.#body, this.#length);
  }

  #tooLong(): SourceError {
    return new SourceError('length', `sent more than ${this.bytes} bytes`);
  }
}

/** What cannot become an answer ends it at once, not with the time for it. */
function checkStart(text: string): void {
  const start = 'HTTP/1.';
  if (text.slice(0, start.length) !== start.slice(0, text.length) || /(^|[^\r])\n/.test(text)) {
    throw new SourceError('protocol', 'sent what is not HTTP/1');
  }
  if (/^HTTP\/1\.[01] 1/.test(text)) throw new SourceError('protocol', 'sent an interim answer');
}
