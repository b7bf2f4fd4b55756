/** One keep-alive HTTP/1.1 connection over a raw socket: as little client as possible beside the server measured. */
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** Where a server listens on the loopback interface; `ca` (PEM) when it speaks TLS. */
export interface Endpoint {
  readonly port: number;
  readonly ca?: string | undefined;
}

/** What came back: the status, and how many bytes of body. */
export interface Answer {
  readonly status: number;
  readonly bodyBytes: number;
}

const HEADER_END = Buffer.from('\r\n\r\n');

export class Connection {
  readonly #endpoint: Endpoint;
  #socket: Socket | undefined;
  #head: Buffer = Buffer.alloc(0);
  #answer: Answer | undefined;
  #last = false; // whether the server closes the connection after this answer
  #missing = 0; // bytes of the body that are still to come
  #settle: { done: (answer: Answer) => void; fail: (error: Error) => void } | undefined;

  private constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint;
  }

  static async open(endpoint: Endpoint): Promise<Connection> {
    const connection = new Connection(endpoint);
    await connection.#connect();
    return connection;
  }

  /**
   * Sends one request, given as its chunks, and waits for the whole answer. One at a time. A connection that the server
   * has closed after that many requests is opened again.
   */
  async exchange(request: readonly Uint8Array[]): Promise<Answer> {
    const socket = this.#socket ?? (await this.#connect());
    return new Promise((done, fail) => {
      this.#settle = { done, fail };
      socket.cork();
      for (const chunk of request) socket.write(chunk);
      socket.uncork();
    });
  }

  async #connect(): Promise<Socket> {
    const { port, ca } = this.#endpoint;
    const host = '127.0.0.1';
    const socket = ca === undefined ? connectTcp({ host, port }) : connectTls({ host, port, ca });
    await once(socket, ca === undefined ? 'connect' : 'secureConnect');
    socket.setNoDelay();
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', (error: Error) => this.#settle?.fail(error));
    socket.on('close', () => {
      if (this.#socket === socket) this.#settle?.fail(new Error('the server closed the connection'));
    });
    this.#socket = socket;
    return socket;
  }

  close(): void {
    this.#settle = undefined;
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  #receive(chunk: Buffer): void {
    if (this.#answer !== undefined) {
      this.#count(chunk.length);
      return;
    }
    this.#head = this.#head.length === 0 ? chunk : Buffer.concat([this.#head, chunk]);
    const end = this.#head.indexOf(HEADER_END);
    if (end < 0) return;
    const head = this.#head.toString('latin1', 0, end);
    const status = Number(head.slice(9, 12));
    const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
    if (length === undefined && status !== 204) {
      this.#settle?.fail(new Error(`an answer ${status} without content-length`));
      return;
    }
    const received = this.#head.length - end - HEADER_END.length;
    this.#head = Buffer.alloc(0);
    this.#missing = Number(length ?? 0);
    this.#answer = { status, bodyBytes: this.#missing };
    this.#last = /\r\nconnection: close/i.test(head);
    this.#count(received);
  }

  #count(received: number): void {
    this.#missing -= received;
    if (this.#missing > 0 || this.#answer === undefined) return;
    const answer = this.#answer;
    const settle = this.#settle;
    this.#answer = undefined;
    if (this.#last) this.close();
    settle?.done(answer);
  }
}
