/** Collectors that keep to the contract of /push, and clients, against gateways that come and go. */
import { setTimeout } from 'node:timers/promises';
import type { GatewayClient } from '../support/gateway-client.js';
import { TestCollector } from '../support/test-collector.js';
import { MarkedEntropy } from './marked-entropy.js';

const PACKET_BYTES = 256 * 1024;
const REQUEST_BYTES = [65_536, 1024, 65_536, 4096, 65_536, 16];
/** For this long a packet of unknown fate is sent again. */
const GIVE_UP_MS = 3000;

export class Load {
  readonly entropy: MarkedEntropy;
  /** Bytes that were answered 204, or 409 after an unknown outcome; and those given up as of unknown fate. */
  delivered = 0;
  unknown = 0;
  #turn = 0;

  /**
   * @param gateways those that are there now; a test replaces them as it likes.
   * @param most bytes that are ever pushed.
   */
  constructor(
    readonly gateways: GatewayClient[],
    private readonly most: number,
  ) {
    this.entropy = new MarkedEntropy(most);
  }

  /** Sends `bytes` as the collector `id`, a packet to each gateway in turn. */
  async push(id: string, bytes: number): Promise<void> {
    const collector = new TestCollector(this.#any().env['QRNG_HMAC_SECRET_KEY'] ?? '', id);
    for (let left = bytes; left > 0; left -= PACKET_BYTES) {
      const data = this.entropy.make(Math.min(PACKET_BYTES, left));
      // A refusal means that nothing was taken: the same bytes may be sealed again.
      let outcome: 'delivered' | 'refused' | 'unknown' = 'refused';
      while (outcome === 'refused') outcome = await this.#send(collector.seal(data));
      this[outcome] += data.length;
    }
  }

  /** Pushes all there is to be, as two collectors, while that many clients take what they can get. */
  async run(clients: number): Promise<void> {
    let pushing = true;
    const isDone = (): boolean => !pushing;
    const half = this.most / 2;
    const pushed = Promise.all([this.push('a', half), this.push('b', half)]).finally(() => (pushing = false));
    await Promise.all([pushed, ...Array.from({ length: clients }, (_, i) => this.#takeUntil(isDone, i))]);
  }

  /** Takes the last bytes out of the pool and of every gateway. */
  async drain(): Promise<void> {
    for (const gateway of this.gateways) {
      for (const size of [65_536, 1024, 16]) while ((await this.#takeFrom(gateway, size)) === 200);
    }
  }

  async #takeUntil(done: () => boolean, seed: number): Promise<void> {
    for (let i = seed; !done(); i++) {
      const status = await this.#takeFrom(this.#any(), REQUEST_BYTES[i % REQUEST_BYTES.length] ?? 16);
      if (status !== 200) await setTimeout(10);
    }
  }

  /** The status, or 0 when there was no whole answer. */
  async #takeFrom(gateway: GatewayClient, size: number): Promise<number> {
    try {
      const { status, body } = await gateway.get(`/api/random?bytes=${size}&encoding=binary`);
      if (status === 200) this.entropy.note(body);
      return status;
    } catch {
      return 0; // the gateway was killed
    }
  }

  async #send(packet: Buffer): Promise<'delivered' | 'refused' | 'unknown'> {
    const deadline = Date.now() + GIVE_UP_MS;
    for (let isUnknown = false; Date.now() < deadline;) {
      const status = await this.#pushTo(this.#any(), packet);
      if (status === 204 || (isUnknown && status === 409)) return 'delivered';
      if (status === 0) isUnknown = true;
      else if (!isUnknown) {
        await setTimeout(20);
        return 'refused';
      }
      await setTimeout(20);
    }
    return 'unknown';
  }

  async #pushTo(gateway: GatewayClient, packet: Buffer): Promise<number> {
    try {
      return (await gateway.push(packet)).status;
    } catch {
      return 0; // reset: it may have been taken
    }
  }

  #any(): GatewayClient {
    const gateway = this.gateways[this.#turn++ % this.gateways.length];
    if (gateway === undefined) throw new Error('no gateway is left');
    return gateway;
  }
}
