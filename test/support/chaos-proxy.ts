/** A network that loses connections: forwards TCP, and resets each connection after a while, often with an answer on the way. */
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

/** Bytes towards the target that a connection lives for, at most. */
const LIFE_BYTES = 500_000;

export class ChaosProxy {
  /** Connections that were reset in the middle of a request. */
  cutRequests = 0;
  /** Connections that were reset when the answer came, which was thrown away. */
  lostAnswers = 0;
  /** False: forwards without loss. */
  wild = true;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(private readonly target: number) {
    this.#server = createServer((client) => this.#forward(client));
  }

  /** A port of localhost that leads to `target`, another one. */
  static async start(target: number): Promise<ChaosProxy> {
    const proxy = new ChaosProxy(target);
    proxy.#server.listen(0, 'localhost');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, 'close');
  }

  #forward(client: Socket): void {
    const server = connect(this.target, '127.0.0.1');
    let left = randomInt(LIFE_BYTES);
    const losesAnswer = randomInt(2) === 0;
    const reset = (): void => {
      client.resetAndDestroy();
      server.destroy();
    };
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.setNoDelay().on('error', reset).once('close', reset);
      socket.once('close', () => this.#sockets.delete(socket));
    }
    client.on('data', (bytes) => {
      left -= bytes.length;
      if (this.wild && left < 0 && !losesAnswer) {
        this.cutRequests++;
        reset();
      } else {
        server.write(bytes);
      }
    });
    server.on('data', (bytes) => {
      if (this.wild && left < 0 && losesAnswer) {
        this.lostAnswers++;
        reset();
      } else {
        client.write(bytes);
      }
    });
  }
}
