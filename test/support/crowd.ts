/** Many connections to a gateway from many source addresses: all of 127.0.0.0/8 is this machine. */
import { connect as connectTls } from 'node:tls';
import type { TLSSocket } from 'node:tls';

/** One connection, and what came back on it. */
export class Visitor {
  said = '';
  isClosed = false;

  private constructor(readonly socket: TLSSocket) {
    socket
      .setEncoding('latin1')
      .on('data', (text: string) => (this.said += text))
      .on('error', () => undefined) // a reset is one way of being sent away
      .once('close', () => (this.isClosed = true));
  }

  /** Connects from `source`; resolves when the handshake is over, or the connection. */
  static async come(url: string, source: string): Promise<Visitor> {
    const { hostname, port } = new URL(url);
    const address = { host: hostname, port: Number(port), localAddress: source };
    const visitor = new Visitor(connectTls({ ...address, rejectUnauthorized: false }));
    await new Promise<void>((done) => {
      visitor.socket.once('secureConnect', () => done()).once('close', () => done());
    });
    return visitor;
  }

  /** `count` of them, one after the other. */
  static async crowd(url: string, source: string, count: number): Promise<Visitor[]> {
    const crowd: Visitor[] = [];
    for (let i = 0; i < count; i++) crowd.push(await Visitor.come(url, source));
    return crowd;
  }

  send(head: string, body: string | Buffer = ''): void {
    this.socket.write(`${head}\r\n\r\n`);
    this.socket.write(body);
  }

  /** The statuses of the answers so far. */
  get statuses(): number[] {
    return [...this.said.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
  }

  leave(): void {
    this.socket.destroy();
  }
}
