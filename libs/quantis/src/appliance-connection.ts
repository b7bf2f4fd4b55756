/**
 * One connection to an appliance: a request at a time, whose answer is read into one buffer that is used again and again.
 *
 *   open -> (get -> answer)* -> destroy
 */
import type { Socket } from 'node:net';
import { ApplianceAnswer } from './appliance-answer.js';
import { errorCode } from '#libs/files';
import { SourceError } from './source.js';
import type { TrustedConnector } from './trusted-connector.js';

const READ_BYTES = 65_536;
/** After this long a firewall may have forgotten the connection, or the appliance have been switched off: neither says so. */
const MAX_IDLE_MS = 4000;

interface Exchange {
  readonly answer: ApplianceAnswer;
  readonly resolve: (body: Buffer) => void;
  readonly reject: (error: SourceError) => void;
}

export class ApplianceConnection {
  readonly #read = Buffer.allocUnsafeSlow(READ_BYTES);
  #socket: Socket | undefined;
  #usableUntil = Infinity;
  #exchange: Exchange | undefined;

  private constructor(private readonly host: string) {}

  /** @throws {SourceError} when there is no connection, or none that can be trusted; nothing was asked for then. */
  static async open(connector: TrustedConnector, signal: AbortSignal): Promise<ApplianceConnection> {
    const connection = new ApplianceConnection(connector.host);
    const onread = {
      buffer: connection.#read,
      callback: (length: number): boolean => connection.#take(length),
    };
    const socket = await connector.connect(onread, signal);
    if (connection.#usableUntil === 0) {
      socket.destroy();
      throw broken('unasked bytes');
    }
    connection.#socket = socket;
    socket.on('error', (error) => connection.destroy(broken(errorCode(error))));
    for (const event of ['end', 'close']) socket.on(event, () => connection.#ended());
    return connection;
  }

  /** Whether another request can be sent on it at `now` (monotonic ms). */
  isUsable(now: number): boolean {
    return this.#exchange === undefined && this.#socket?.writable === true && now < this.#usableUntil;
  }

  /** Asks for `path`, which brings `bytes` bytes. @throws {SourceError} when it brings anything else. */
  get(path: string, bytes: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#exchange = { answer: new ApplianceAnswer(bytes), resolve, reject };
      this.#socket?.write(
        `GET ${path} HTTP/1.1\r\nHost: ${this.host}\r\nAccept: application/octet-stream\r\nAccept-Encoding: identity\r\n\r\n`,
        'latin1',
      );
    });
  }

  /** Ends it; a request on its way fails with `error`, and nothing of its answer stays. */
  destroy(error: SourceError): void {
    this.#usableUntil = 0;
    this.#socket?.destroy();
    this.#socket = undefined;
    const exchange = this.#exchange;
    this.#exchange = undefined;
    exchange?.answer.drop();
    exchange?.reject(error);
  }

  /** `length` bytes came into the buffer. */
  #take(length: number): boolean {
    const piece = this.#read.subarray(0, length);
    try {
      const body = this.#exchange?.answer.read(piece);
      if (body !== undefined) this.#complete(body);
      // Before a request and after an answer there is nothing to come.
      else if (this.#exchange === undefined) this.destroy(broken('unasked bytes'));
    } catch (error) {
      this.destroy(asSourceError(error));
    }
    piece.fill(0);
    return true;
  }

  #ended(): void {
    try {
      const body = this.#exchange?.answer.end();
      if (body !== undefined) this.#complete(body);
      this.destroy(broken('closed'));
    } catch (error) {
      this.destroy(asSourceError(error));
    }
  }

  #complete(body: Buffer): void {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    this.#usableUntil = performance.now() + Math.min(exchange?.answer.keepMs ?? 0, MAX_IDLE_MS);
    exchange?.resolve(body);
  }
}

function broken(reason: string): SourceError {
  return new SourceError('connection', `the connection broke (${reason})`);
}

function asSourceError(error: unknown): SourceError {
  if (error instanceof SourceError) return error;
  throw error;
}
