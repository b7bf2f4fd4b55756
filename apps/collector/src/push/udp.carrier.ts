/**
 * `udp://HOST:PORT`: one sealed packet in each datagram, never fragmented, at a fixed rate; nothing comes back, so a packet
 * that left is gone.
 *
 *   packet -> token bucket -> connected socket -> one datagram of at most MTU - IP - UDP bytes
 *
 * The socket is connected to the gateway before the process first looks at itself, and stays so: the kernel drops datagrams
 * of everybody else. Node reads what the gateway's address sends; it is thrown away here, and a firewall should drop it
 * before (docs/diode.md).
 */
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { PACKET_OVERHEAD_BYTES } from '#libs/crypto';
import { errorCode } from '#libs/files';
import { EXIT_TEMPORARY, SettingsError } from '#libs/settings';
import { Carrier } from './carrier.js';
import type { Outcome } from './outbox.js';
import { TokenBucket } from './token-bucket.js';

/** IPv4 (RFC 791, without options) or IPv6 (RFC 8200), and UDP (RFC 768). */
const HEADER_BYTES = { 4: 20 + 8, 6: 40 + 8 } as const;
/** What may leave at once, as a share of a second's. */
const BURST_SECS = 0.01;
const HEARTBEAT_MS = 1000;
/** What a machine says that is still starting: no name server, no interface, no route yet. */
const TEMPORARY = ['EAI_AGAIN', 'ENETUNREACH', 'ENETDOWN', 'EHOSTUNREACH', 'EADDRNOTAVAIL'];

const CLOSED: Outcome = { kind: 'unsent', reason: 'closed' };

/** How a UDP carrier sends. */
export interface UdpOptions {
  readonly host: string;
  readonly port: number;
  /** The size of IP packets on the whole way. */
  readonly mtu: number;
  /** Bytes of packets in a second. */
  readonly bytesPerSecond: number;
}

export class UdpCarrier extends Carrier {
  /** Losses show only in heartbeats, so these are frequent. */
  override readonly heartbeatMs = HEARTBEAT_MS;
  readonly #options: UdpOptions;
  readonly #bucket: TokenBucket;
  readonly #end = new AbortController();
  #socket: Socket | undefined;
  #maxData = 0;

  constructor(options: UdpOptions) {
    super();
    this.#options = options;
    const { mtu, bytesPerSecond } = options;
    this.#bucket = new TokenBucket(
      bytesPerSecond,
      Math.max(2 * mtu, bytesPerSecond * BURST_SECS),
      performance.now(),
    );
  }

  /** What fits into a datagram; known once the carrier is open. */
  get maxData(): number {
    return this.#maxData;
  }

  /** @throws {SettingsError} when the host has no address, or none that this machine has a route to. */
  override async open(): Promise<void> {
    const { host, port, mtu } = this.#options;
    const { address, family } = await lookup(host).catch((error: unknown) => {
      throw problem('a host with an address', error);
    });
    this.#maxData = mtu - HEADER_BYTES[family === 6 ? 6 : 4] - PACKET_OVERHEAD_BYTES;
    const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
    socket.on('message', () => undefined); // nothing that comes back is looked at
    socket.on('error', () => undefined); // an ICMP error of an earlier datagram; `send` reports its own
    try {
      socket.connect(port, address);
      await once(socket, 'connect');
    } catch (error) {
      socket.close(); // it would take datagrams of anybody
      throw problem('an address that this machine can send to', error);
    }
    this.#socket = socket;
  }

  async send(packet: Buffer): Promise<Outcome> {
    const waitMs = this.#bucket.take(packet.length, performance.now());
    try {
      if (waitMs >= 1) await setTimeout(waitMs, undefined, { signal: this.#end.signal });
    } catch {
      return CLOSED;
    }
    const socket = this.#socket;
    if (socket === undefined) return CLOSED;
    return new Promise((resolve) => {
      socket.send(packet, (error) => {
        resolve(error === null ? { kind: 'gone' } : { kind: 'unsent', reason: errorCode(error) });
      });
    });
  }

  /** Only at the end: the datagram under way leaves, or the run is over. */
  abort(): void {
    this.#end.abort();
    this.#socket?.close();
    this.#socket = undefined;
  }
}

function problem(wanted: string, error: unknown): SettingsError {
  const code = errorCode(error);
  return new SettingsError(
    [`QRNG_PUSH_URL must name ${wanted} (${code})`],
    TEMPORARY.includes(code) ? EXIT_TEMPORARY : undefined,
  );
}
