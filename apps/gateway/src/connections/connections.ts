/**
 * The gateway's connections: each gets a place in a room when it is accepted and a handshake when it is its turn, and is closed
 * when it holds up others.
 */
import type { IncomingMessage, RequestListener, Server as HttpServer } from 'node:http';
import { isIPv6 } from 'node:net';
import type { BlockList, Socket } from 'node:net';
import { Server as TlsServer } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { Injectable } from '@nestjs/common';
import type { OnApplicationShutdown, OnModuleDestroy } from '@nestjs/common';
import { addressNetwork } from '../addresses/address-network.js';
import { plainHops } from '../addresses/forwarded-for.js';
import { trustedProxies } from '../addresses/trusted-proxies.js';
import { BOUNDS } from '../bounds.js';
import { Clock } from '../clock.js';
import { logEvent } from '../log-events.js';
import { GatewayMetrics } from '../metrics/gateway-metrics.js';
import { GatewaySettings } from '../settings.js';
import { Connection } from './connection.js';
import { kernelQueues } from './kernel-queues.js';
import type { Hall } from './hall.js';
import type { ProxySource } from './proxy-header.js';
import { readProxyHeader } from './read-proxy-header.js';
import { Place, Room } from './room.js';
import { Turns } from './turns.js';

const SWEEP_MS = 1000;
/** While answers that nobody may have read are charged, the kernel is asked this often what it holds of them. */
const LOOK_MS = 100;
/** But a look costs at most this part of the time: with many thousands of sockets, such as those that clients have just closed, it takes long. */
const LOOK_SHARE = 1 / 10;
/** When the gateway stops, a client that has sent nothing for this time is not about to send its first request. */
const SILENT_MS = 500;
const STOPPING_SWEEP_MS = 100;
/** Invalid PROXY headers are logged this often at most, and all counted: they may be a client's, through a proxy that sends none. */
const LOG_AGAIN_MS = 10_000;

@Injectable()
export class Connections implements OnModuleDestroy, OnApplicationShutdown {
  readonly #hall: Hall;
  readonly #proxies: BlockList;
  readonly #all = new Set<Connection>();
  readonly #bySocket = new WeakMap<Socket, Connection>();
  /** Those whose handshake is under way, by address and port. */
  readonly #handshakes = new Map<string, Connection>();
  /** Those of proxies that have sent nothing so far, and since when. */
  readonly #unheard = new Map<Socket, number>();
  #loggedAt = -Infinity;
  #sweeping = setInterval(() => this.#sweep(), SWEEP_MS).unref();
  #looking: NodeJS.Timeout | undefined;
  #lookTook = 0; // ms
  #isStopping = false;

  constructor(
    settings: GatewaySettings,
    clock: Clock,
    private readonly metrics: GatewayMetrics,
  ) {
    const now = (): number => clock.monotonic();
    const { strangersBytes, networkBytes, knownBytes, patienceMs } = BOUNDS;
    this.#hall = {
      strangers: new Room({ bytes: strangersBytes, networkBytes, patienceMs }, now),
      known: new Room({ bytes: knownBytes, networkBytes: knownBytes, patienceMs }, now),
      turns: new Turns(BOUNDS.turnUnits),
      now,
      isStopping: () => this.#isStopping,
      lookSoon: () => {
        this.#looking ??= setTimeout(
          () => void this.#look(),
          Math.max(LOOK_MS, this.#lookTook / LOOK_SHARE),
        ).unref();
      },
    };
    this.#proxies = trustedProxies(settings.QRNG_TRUST_PROXY);
    metrics.observeConnections(() => this.#hall);
  }

  /** Whether every answer is to be the last one on its connection. */
  get isStopping(): boolean {
    return this.#isStopping;
  }

  /** Takes over the connections and the requests of `server`, before it listens. */
  attach(server: HttpServer): void {
    const [handler] = server.listeners('request') as RequestListener[];
    const [start] = server.listeners('connection') as ((socket: Socket) => void)[];
    if (handler === undefined || start === undefined) throw new TypeError('this is no HTTP server');
    server.maxConnections = BOUNDS.sockets;
    server.removeListener('request', handler).on('request', (request, response) => {
      const connection = this.of(request.socket);
      // Only a proxy speaks for others: also where a trusted one passes on what its client sends.
      const { 'x-forwarded-for': hops } = request.headers;
      if (hops !== undefined) {
        if (connection?.isProxy !== true) delete request.headers['x-forwarded-for'];
        else request.headers['x-forwarded-for'] = plainHops(String(hops));
      }
      connection?.receive(request, response, handler);
    });
    server.on('timeout', (socket: Socket) => {
      const connection = this.of(socket);
      if (connection === undefined) socket.destroy();
      else connection.expire();
    });
    server.removeListener('connection', start);
    if (!(server instanceof TlsServer)) {
      server.on('connection', (socket) =>
        this.#accept(socket, (connection) => {
          connection.open();
          start.call(server, socket);
        }),
      );
      return;
    }
    // Nothing is read before it is a connection's turn: what its client sends stays in the kernel.
    const sockets = Object.assign(server, { pauseOnConnect: true });
    server.on('connection', (socket) =>
      this.#acceptTls(socket, () => {
        sockets.pauseOnConnect = false;
        start.call(server, socket);
        sockets.pauseOnConnect = true;
      }),
    );
    server.prependListener('secureConnection', (socket: TLSSocket) => this.#secure(socket));
    server.on('tlsClientError', () => this.metrics.connectionsRefused.inc({ reason: 'handshake' }));
  }

  of(socket: Socket): Connection | undefined {
    return this.#bySocket.get(socket);
  }

  /** A place for the body of `request`. Through a trusted proxy it is under the address of the client. */
  placeFor(request: { readonly ip: string; readonly raw: IncomingMessage }): Place {
    const { socket } = request.raw;
    const connection = this.of(socket);
    const isKnown = connection?.isKnown === true && !connection.isProxy;
    const room = isKnown ? this.#hall.known : this.#hall.strangers;
    return new Place(room, addressNetwork(request.ip), () => void socket.destroy(), this.#hall.now());
  }

  /** Ends the connections of clients with a certificate that wait for no answer; they come again, and show it again. */
  endIdleWithCertificate(): void {
    for (const connection of this.#all) connection.endIfIdleWithCertificate();
  }

  /** The gateway stops: clients that have sent nothing so far are not waited for. */
  onModuleDestroy(): void {
    this.#isStopping = true;
    clearInterval(this.#sweeping);
    this.#sweeping = setInterval(() => this.#sweep(), STOPPING_SWEEP_MS).unref();
    this.#sweep();
  }

  closeAll(): void {
    for (const { socket } of this.#all) socket.destroy();
  }

  onApplicationShutdown(): void {
    clearInterval(this.#sweeping);
    clearTimeout(this.#looking);
    this.#hall.turns.close();
  }

  #accept(socket: Socket, start: (connection: Connection) => void): void {
    socket.on('error', () => undefined); // it is closed then
    this.#hall.turns.noteNewcomer();
    const address = socket.remoteAddress;
    if (address === undefined) {
      socket.destroy(); // whoever it was is gone, and every request is to have a source
      return;
    }
    if (this.#isProxy(address)) {
      this.#acceptFromProxy(socket, address, start);
      return;
    }
    const connection = this.#enter(socket, address);
    if (connection.place.grow(BOUNDS.connectionBytes)) start(connection);
  }

  /** A proxy brings its clients by X-Forwarded-For, or, where it passes their TLS through, by the PROXY protocol. */
  #acceptFromProxy(socket: Socket, proxy: string, start: (connection: Connection) => void): void {
    this.#unheard.set(socket, this.#hall.now());
    socket.once('close', () => this.#unheard.delete(socket));
    readProxyHeader(socket, (outcome) => {
      this.#unheard.delete(socket);
      if ('refused' in outcome) {
        this.#refuseHeader(proxy, outcome.refused);
        return;
      }
      const connection = this.#enterFor(socket, proxy, outcome.source);
      if (connection.place.grow(BOUNDS.connectionBytes + outcome.ahead)) start(connection);
    });
  }

  #enterFor(socket: Socket, proxy: string, source: ProxySource): Connection {
    if (source.kind !== 'client') {
      const connection = this.#enter(socket, proxy);
      if (source.kind !== 'unknown') connection.proveProxy();
      return connection;
    }
    const connection = this.#enter(socket, source.address);
    connection.comeFrom(source);
    if (this.#isProxy(source.address)) connection.proveProxy(); // a proxy before the proxy
    return connection;
  }

  #refuseHeader(proxy: string, reason: string): void {
    this.metrics.connectionsRefused.inc({ reason: 'proxy-header' });
    const now = this.#hall.now();
    if (now - this.#loggedAt < LOG_AGAIN_MS) return;
    this.#loggedAt = now;
    logEvent('warn', 'proxy-header-refused', { proxy, reason });
  }

  #enter(socket: Socket, address: string): Connection {
    const end = (): void => void connection.socket.destroy();
    const place = new Place(this.#hall.strangers, addressNetwork(address), end, this.#hall.now());
    const connection = new Connection(this.#hall, place, socket);
    this.#all.add(connection);
    this.#bySocket.set(socket, connection);
    socket.once('close', () => {
      this.#all.delete(connection);
      connection.closed();
    });
    return connection;
  }

  #acceptTls(socket: Socket, start: () => void): void {
    const key = endOf(socket); // as TLS will name it, whatever a PROXY header says
    this.#accept(socket, (connection) => {
      connection.whenItsTurn(BOUNDS.handshakeUnits, BOUNDS.tlsBytes, () => {
        this.#handshakes.set(key, connection);
        socket.once('close', () => this.#handshakes.delete(key));
        start();
      });
    });
  }

  #secure(socket: TLSSocket): void {
    const key = endOf(socket);
    const connection = this.#handshakes.get(key);
    if (connection === undefined) {
      socket.destroy();
      return;
    }
    this.#handshakes.delete(key);
    this.#bySocket.set(socket, connection);
    connection.secure(socket);
  }

  #isProxy(address: string): boolean {
    return this.#proxies.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  }

  /** Charges what the kernel holds of answers, instead of all that may be unread. */
  async #look(): Promise<void> {
    const began = this.#hall.now();
    const due = [...this.#all].filter((connection) => connection.beginLook());
    const queues = due.length > 0 ? await kernelQueues() : undefined;
    this.#lookTook = this.#hall.now() - began;
    this.#looking = undefined;
    if (queues === undefined) return;
    const full = due.filter((connection) => connection.endLook(queues));
    if (full.length > 0) this.#hall.lookSoon();
  }

  #sweep(): void {
    const now = this.#hall.now();
    for (const connection of this.#all) {
      if (connection.isStuck(now)) connection.socket.destroy();
      else if (this.#isStopping && connection.isSilentFor(SILENT_MS, now)) connection.socket.destroySoon();
    }
    this.#hall.lookSoon();
    if (!this.#isStopping) return;
    for (const [socket, since] of this.#unheard) if (now - since >= SILENT_MS) socket.destroy();
  }
}

function endOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
