/** A TCP proxy whose other end can be changed, as a virtual address is, or stops passing anything on. */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

export class TcpSwitch {
  readonly #sockets = new Set<Socket>();
  readonly #far = new WeakSet<Socket>();
  readonly #server: Server;

  private constructor(public target: number) {
    this.#server = createServer((near) => {
      const far = connect(this.target, '127.0.0.1');
      this.#far.add(far);
      near.pipe(far).pipe(near);
      for (const [socket, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(socket);
        socket.on('error', () => other.destroy());
        socket.once('close', () => {
          other.destroy();
          this.#sockets.delete(socket);
        });
      }
    });
  }

  /** @param target the port on this machine that connections are passed on to. */
  static async open(target: number): Promise<TcpSwitch> {
    const opened = new TcpSwitch(target);
    opened.#server.listen(0, '127.0.0.1');
    await once(opened.#server, 'listening');
    return opened;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Passes nothing on any more, in no direction, and keeps the connections. */
  freeze(): void {
    for (const socket of this.#sockets) socket.unpipe();
  }

  /** Passes on what comes in, and no answer to it. */
  loseAnswers(): void {
    for (const socket of this.#sockets) if (this.#far.has(socket)) socket.unpipe().resume();
  }

  /** Ends all connections; new ones are passed on to `target` as it is then. */
  disconnect(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.#server.close();
    this.disconnect();
  }
}
