/**
 * A receiving end for collectors: a real HTTPS server (TLS 1.3) that opens packets as a gateway does, and can be told to
 * answer anything, or nothing.
 */
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { Server, ServerOptions } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { Keyring, MacKey, openPacket } from '#libs/crypto';
import type { Packet } from '#libs/crypto';
import { testAuthority } from './gateway.js';

/**
 * What to do with one push, instead of what a gateway would do:
 *
 * - a status, with headers and a body: the packet is not taken
 * - `raw`: take the packet or not, and write whatever it writes to the socket
 * - `lose`: cut the connection before anything is taken
 * - `take and lose`: take the packet, then cut the connection
 * - `hang`: never answer
 */
export type Step =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string }
  | { readonly take?: boolean; readonly raw: (socket: Socket) => void }
  | 'lose'
  | 'take and lose'
  | 'hang';

/** One push as it came in. */
export interface Push {
  readonly packet: Packet;
  /** The packet as it was on the wire. */
  readonly raw: Buffer;
  /** Unix ms. */
  readonly at: number;
  readonly contentType: string | undefined;
  /** Whether a client certificate of the test CA was shown. */
  readonly authorized: boolean;
}

export class Receiver {
  readonly pushes: Push[] = [];
  readonly accepted: Packet[] = [];
  readonly url: string;
  /** Pushes that were answered 401, since no key opens them. */
  unopened = 0;
  /** TLS connections accepted. */
  connections = 0;
  /** Answers entropy that no step is left for. */
  otherwise: Step | undefined;
  /** Answers heartbeats. */
  heartbeats: Step | undefined;
  /** Packets with more bytes of entropy than this are answered 507. */
  room = Infinity;
  /** How long each answer takes, ms. */
  latencyMs = 0;
  keys: Keyring;
  readonly #steps: Step[] = [];
  #last = '';

  /** @param server listens already. */
  constructor(
    private readonly server: Server,
    hmacKey: string,
  ) {
    this.keys = new Keyring([MacKey.fromHex(hmacKey)]);
    this.url = `https://localhost:${(server.address() as AddressInfo).port}/push`;
    server.on('secureConnection', () => this.connections++);
    server.on('request', (request, response) => {
      this.#receive(request, response).catch((error: unknown) => response.destroy(error as Error));
    });
  }

  /** Plays these steps for the next pushes of entropy, one each. */
  script(...steps: Step[]): void {
    this.#steps.push(...steps);
  }

  /** Pushes of entropy, whether they were taken or not. */
  get entropy(): Push[] {
    return this.pushes.filter(({ packet }) => packet.type === 'entropy');
  }

  /** The bytes of all entropy taken, in the order they came. */
  get bytes(): Buffer {
    const taken = this.accepted.filter((packet) => packet.type === 'entropy');
    return Buffer.concat(taken.map((packet) => packet.data));
  }

  async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const raw = Buffer.concat(chunks);
    let packet: Packet;
    try {
      packet = openPacket(raw, this.keys);
    } catch {
      this.unopened++;
      response.writeHead(401, { 'Content-Length': 0 }).end();
      return;
    }
    const { authorized } = request.socket as TLSSocket;
    const contentType = request.headers['content-type'];
    this.pushes.push({ packet, raw, at: Date.now(), contentType, authorized });
    if (this.latencyMs > 0) await new Promise((wake) => setTimeout(wake, this.latencyMs));
    const step = packet.type === 'heartbeat' ? this.heartbeats : (this.#steps.shift() ?? this.otherwise);
    if (step === 'hang') return;
    if (step === undefined) {
      response.writeHead(this.#take(packet), { 'Content-Length': 0 }).end();
    } else if (typeof step === 'string') {
      if (step === 'take and lose') this.#take(packet);
      request.socket.destroy();
    } else if ('raw' in step) {
      if (step.take === true) this.#take(packet);
      step.raw(request.socket);
    } else {
      const length = { 'Content-Length': String(Buffer.byteLength(step.body ?? '')) };
      response.writeHead(step.status, { ...length, ...step.headers }).end(step.body);
    }
  }

  #take(packet: Packet): 204 | 409 | 507 {
    if (packet.type === 'entropy' && packet.data.length > this.room) return 507;
    const number = [packet.boot, packet.sequence].map((part) => String(part).padStart(20, '0')).join();
    if (number <= this.#last) return 409;
    this.#last = number;
    this.accepted.push(packet);
    return 204;
  }
}

/** Starts a receiver that shares `hmacKey` (64 hex digits) with collectors. */
export async function startReceiver(
  hmacKey: string,
  options: ServerOptions = {},
  port = 0,
): Promise<Receiver> {
  const authority = await testAuthority();
  const { certificatePem, keyPem } = await authority.issue({ commonName: 'receiver', hosts: ['localhost'] });
  const server = createServer({
    cert: certificatePem,
    key: keyPem,
    ca: authority.certificatePem,
    minVersion: 'TLSv1.3',
    requestCert: true,
    rejectUnauthorized: false,
    ...options,
  });
  server.listen(port, 'localhost');
  await once(server, 'listening');
  return new Receiver(server, hmacKey);
}
