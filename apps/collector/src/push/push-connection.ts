/**
 * One connection to the gateway: a request at a time, and of what comes back no more than an answer can be.
 *
 *   open -> (post -> answer)* -> destroy
 *
 * Written here instead of taken from an HTTP client, because a client reads whatever an answer consists of: gigabytes of
 * interim answers, an endless reason phrase. What comes in is counted twice, decrypted (8 KiB an answer) and as it is on
 * the wire, since TLS has messages of its own.
 */
import { connect as connectTcp, isIP } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { errorCode } from '#libs/files';
import { AnswerError, AnswerReader } from './answer.js';
import type { Answer } from './answer.js';
import type { TlsCredentials } from './credentials.js';
import type { Outcome } from './outbox.js';

/** The most bytes on the wire from one answer to the next: TLS adds records and session tickets, also while nothing is asked. */
const MAX_WIRE_BYTES = 65_536;
const LOOK_EVERY_MS = 250;

export class PushConnection {
  #usableUntil = Infinity;
  /** How much may have come on the wire before the next answer. */
  #mostRead: number;
  readonly #look = setInterval(() => this.#checkWire(), LOOK_EVERY_MS).unref();
  #exchange: { readonly reader: AnswerReader; readonly settle: (outcome: Outcome) => void } | undefined;

  private constructor(
    private readonly socket: Socket,
    private readonly wire: Socket,
    private readonly host: string,
  ) {
    this.#mostRead = wire.bytesRead + MAX_WIRE_BYTES;
    wire.on('error', () => undefined); // those of the socket below TLS come up as its own
    socket.on('data', (chunk) => this.#read(chunk));
    socket.on('error', (error) => this.#end(errorCode(error)));
    socket.on('close', () => this.#end('closed'));
    socket.on('end', () => this.#end('closed'));
  }

  /**
   * Connects, and has the gateway's certificate verified.
   *
   * @param signal gives up.
   * @throws an error with a code when there is no connection, or none that can be trusted; nothing was sent then.
   */
  static async open(url: URL, tls: TlsCredentials, signal: AbortSignal): Promise<PushConnection> {
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const secure = url.protocol === 'https:';
    const wire = connectTcp({ host, port: Number(url.port) || (secure ? 443 : 80), noDelay: true });
    const give = (): void => void wire.destroy(Object.assign(new Error(), { code: 'timeout' }));
    signal.addEventListener('abort', give, { once: true });
    try {
      await connected(wire, 'connect');
      if (!secure) return new PushConnection(wire, wire, url.host);
      const socket = connectTls({
        ...tls,
        socket: wire,
        ...(isIP(host) === 0 ? { servername: host } : {}),
        host,
        ALPNProtocols: ['http/1.1'],
        minVersion: 'TLSv1.3',
        // Said outright, since NODE_TLS_REJECT_UNAUTHORIZED=0 would change the default.
        rejectUnauthorized: true,
      });
      await connected(socket, 'secureConnect');
      return new PushConnection(socket, wire, url.host);
    } catch (error) {
      wire.destroy();
      throw error;
    } finally {
      signal.removeEventListener('abort', give);
    }
  }

  /** Whether another request can be sent on it at `now` (monotonic ms). */
  isUsable(now: number): boolean {
    return !this.socket.destroyed && this.socket.writable && now < this.#usableUntil;
  }

  /** Posts `packet` to `path` and waits for the answer. Never rejects. */
  post(path: string, packet: Buffer): Promise<Outcome> {
    return new Promise((resolve) => {
      const settle = (outcome: Outcome): void => {
        this.#exchange = undefined;
        resolve(outcome);
      };
      this.#exchange = { reader: new AnswerReader(), settle };
      this.socket.cork();
      this.socket.write(
        `POST ${path} HTTP/1.1\r\nHost: ${this.host}\r\nContent-Type: application/octet-stream\r\n` +
          `Content-Length: ${packet.length}\r\n\r\n`,
        'latin1',
      );
      this.socket.write(packet);
      this.socket.uncork();
    });
  }

  /** Ends it; a packet on its way has an unknown outcome then, for this reason. */
  destroy(reason: string): void {
    this.#end(reason);
  }

  #read(chunk: Buffer): void {
    const exchange = this.#exchange;
    if (exchange === undefined) {
      this.#end('bytes without a request');
      return;
    }
    let answer: Answer | undefined;
    try {
      answer = exchange.reader.read(chunk);
    } catch (error) {
      if (!(error instanceof AnswerError)) throw error;
      this.#end(error.message);
      return;
    }
    if (answer === undefined) return;
    const { status, retryAfterMs, keepMs } = answer;
    this.#usableUntil = performance.now() + keepMs;
    this.#mostRead = this.wire.bytesRead + MAX_WIRE_BYTES;
    // An answer to what was not sent whole: the connection is of no use any more.
    if (keepMs === 0 || this.socket.writableLength > 0) this.socket.destroy();
    exchange.settle({ kind: 'answer', status, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
  }

  #checkWire(): void {
    if (this.wire.bytesRead > this.#mostRead) this.#end('answer without end');
  }

  #end(reason: string): void {
    clearInterval(this.#look);
    this.socket.destroy();
    this.wire.destroy();
    this.#exchange?.settle({ kind: 'unknown', reason });
  }
}

/** Resolves when `event` comes; rejects with the error, or that the connection was closed. */
function connected(socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (end: () => void) => (): void => {
      socket.off('error', failed).off('close', closed).off(event, ready);
      end();
    };
    const failed = (error: Error): void => done(() => reject(error))();
    const closed = done(() => reject(Object.assign(new Error('closed'), { code: 'closed' })));
    const ready = done(resolve);
    socket.on('error', failed).on('close', closed).on(event, ready);
  });
}
