/**
 * Takes packets from UDP datagrams, one each, and never sends anything.
 *
 *   datagram -> MAC -> copies left out -> order of sealing -> admission
 *
 * A datagram with a wrong MAC costs its check and leaves nothing.
 */
import { createSocket } from 'node:dgram';
import type { RemoteInfo, Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { openPacket, PACKET_OVERHEAD_BYTES, PacketError } from '#libs/crypto';
import type { Packet } from '#libs/crypto';
import type { AdmissionService } from '../admission/admission.service.js';
import type { HmacKeys } from '../packet-keys/hmac-keys.js';
import type { Origin } from '../admission/origin.js';
import { PacketRefusal } from '../admission/packet-refusal.js';
import type { PushOutcomes } from '../admission/push-outcomes.js';
import { logEvent } from '../log-events.js';
import { RecentPackets } from './recent-packets.js';
import { Sequencer } from './sequencer.js';

/** For how long packets behind a gap wait for what the way has reordered. */
const PATIENCE_MS = 50;
/** Bytes of packets that wait to be decided on; what comes on top is lost, as on a wire that is full. */
const MOST_WAITING_BYTES = 32 * 1024 * 1024;
/** The largest packet that a collector sends this way, at an MTU of 9000 over IPv4: a larger forgery is not worth its checks. */
const MOST_DATAGRAM_BYTES = 9000 - 20 - 8;
/** The kernel's buffer for datagrams that Node has not read yet; net.core.rmem_max may allow less. */
const KERNEL_BUFFER_BYTES = 4 * 1024 * 1024;

interface Arrival {
  readonly packet: Packet;
  readonly origin: Origin;
}

export class UdpReceiver {
  readonly #socket: Socket;
  readonly #recent = new RecentPackets();
  readonly #order = new Sequencer<Arrival>(PATIENCE_MS);
  #timer: NodeJS.Timeout | undefined;
  #waitingBytes = 0;
  #deciding: Promise<void> = Promise.resolve();

  constructor(
    private readonly url: URL,
    private readonly keys: HmacKeys,
    private readonly admission: AdmissionService,
    private readonly outcomes: PushOutcomes,
  ) {
    this.#socket = createSocket(isIPv6(this.#address()) ? 'udp6' : 'udp4');
    this.#socket.on('message', (datagram, sender) => this.#take(datagram, sender));
  }

  /** Listens. @throws errors of the socket, such as EADDRINUSE. */
  async open(): Promise<void> {
    const socket = this.#socket;
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind({ address: this.#address(), port: Number(this.url.port), exclusive: true }, resolve);
    });
    socket.removeAllListeners('error');
    socket.on('error', (error) => logEvent('error', 'receive-failed', { url: this.url.href, err: error }));
    const bytes = setBuffer(socket);
    logEvent(bytes < KERNEL_BUFFER_BYTES ? 'warn' : 'log', 'receiving', {
      url: this.url.href,
      bufferBytes: bytes,
    });
  }

  get port(): number {
    return this.#socket.address().port;
  }

  /** Takes nothing more; what came is decided on. */
  async close(): Promise<void> {
    this.#socket.close();
    this.#decide(Infinity);
    clearTimeout(this.#timer);
    await this.#deciding;
  }

  #address(): string {
    return this.url.hostname.replace(/^\[|\]$/g, '');
  }

  #take(datagram: Buffer, { address }: RemoteInfo): void {
    const origin: Origin = { transport: 'udp', source: address };
    if (datagram.length > MOST_DATAGRAM_BYTES) {
      this.outcomes.refused(
        { result: 'malformed', detail: 'larger than any datagram of a collector' },
        origin,
      );
      return;
    }
    let packet: Packet;
    try {
      packet = openPacket(datagram, this.keys.ring);
    } catch (error) {
      if (!(error instanceof PacketError)) throw error;
      this.outcomes.refused({ result: error.code, detail: error.message }, origin);
      return;
    }
    if (this.#recent.seen(packet.mac)) this.outcomes.duplicate(packet, origin);
    else this.#wait({ packet, origin });
  }

  #wait(arrival: Arrival): void {
    const { packet, origin } = arrival;
    const bytes = sizeOf(packet);
    if (this.#waitingBytes + bytes > MOST_WAITING_BYTES) {
      const detail = 'too many packets wait to be decided on';
      this.outcomes.refused({ result: 'unready', detail }, origin, packet);
      return;
    }
    this.#waitingBytes += bytes;
    this.#order.add(packet, arrival, performance.now());
    this.#decide(-Infinity); // those that follow; the patience with others ends by the timer alone
  }

  /** Admits what has its turn at `now`, monotonic ms, and looks again when the next packet has waited long enough. */
  #decide(now: number): void {
    const due = this.#order.due(now);
    if (due.length > 0) this.#deciding = this.#deciding.then(() => this.#admitAll(due));
    const nextAt = this.#timer === undefined ? this.#order.nextAt() : undefined;
    if (nextAt === undefined) return;
    // What the kernel holds is read first: this process may have been without a processor while it came.
    this.#timer = setTimeout(
      () => setImmediate(() => this.#patienceEnds()),
      Math.max(0, nextAt - performance.now()),
    );
  }

  #patienceEnds(): void {
    this.#timer = undefined;
    this.#decide(performance.now());
  }

  async #admitAll(arrivals: readonly Arrival[]): Promise<void> {
    for (const { packet, origin } of arrivals) {
      this.#waitingBytes -= sizeOf(packet);
      try {
        await this.admission.admit(packet, origin);
      } catch (error) {
        if (!(error instanceof PacketRefusal)) throw error; // counted and logged already; nobody is there to be answered
      }
    }
  }
}

function sizeOf(packet: Packet): number {
  return packet.data.length + PACKET_OVERHEAD_BYTES;
}

/** The size of the kernel's buffer in bytes, after asking for the size that the gateway needs; Linux reports twice of what it gives. */
function setBuffer(socket: Socket): number {
  socket.setRecvBufferSize(KERNEL_BUFFER_BYTES);
  return socket.getRecvBufferSize() / 2;
}
