/**
 * One story: collectors, a pool behind its gateways, and an adversary who captures everything that is sealed and sends it
 * again at will, answers in the gateway's place, holds an old key, restores and clones machines, while processes crash,
 * disks lose their state, Redis fails over and back, and clocks are set.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Keyring, sealPacket } from '#libs/crypto';
import type { MacKey } from '#libs/crypto';
import type { Outcome } from '../../apps/collector/src/push/outbox.js';
import { EmbeddedGateway } from './embedded-gateway.js';
import { ModelCollector } from './model-collector.js';
import type { Snapshot } from './model-collector.js';
import { ModelRedis } from './model-redis.js';
import type { ModelServers } from './model-redis.js';
import { keyOf, Network } from './network.js';
import type { ModelGateway } from './network.js';
import { SharedGateway } from './shared-gateway.js';
import { WINDOW } from './window.js';

/** Memory where there is some: it is the order of events that matters here, not the disk. */
const FOLDERS = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const BEGINNING = 1_760_000_000_000;
const CURRENT = keyOf('c1');
const OLD = keyOf('0d');
const OWN = keyOf('a1');

/** What a holder of the old key seals: anything. */
export interface Forgery {
  readonly collector: string;
  /** ms from now, or the largest number there is. */
  readonly boot: number;
  readonly sequence: bigint;
  readonly stampedIn: number;
  readonly age: number;
}

export class World {
  now = BEGINNING;
  readonly network = new Network(new Keyring([CURRENT, OLD]), () => this.now);
  readonly collectors: ModelCollector[] = [];
  readonly gateways: ModelGateway[] = [];
  redis: ModelRedis | undefined;
  /** Whether no collector ever hears an answer, as over udp or a spool. */
  isOneWay = false;
  /** What happened, to be read when a story ends badly. */
  readonly story: string[] = [];
  readonly #root = mkdtempSync(join(FOLDERS, 'qrng-model-'));
  #fetched = 0n;
  /** The collectors that have a key of their own now. */
  #own: ReadonlyMap<string, readonly MacKey[]> = new Map();
  #snapshot: Snapshot | undefined;

  /** A gateway of its own, or two that share a pool in these servers; and two collectors. */
  static async begin(servers?: ModelServers['servers']): Promise<World> {
    const world = new World();
    const time = (): number => world.now;
    if (servers === undefined) world.gateways.push(new EmbeddedGateway(world.#root, time));
    else {
      const redis = await ModelRedis.begin(servers, time);
      world.redis = redis;
      for (let i = 0; i < 2; i++) world.gateways.push(new SharedGateway(world.#root, time, redis));
    }
    for (const gateway of world.gateways) await gateway.start();
    for (const id of ['lab-1', 'lab-2']) world.collectors.push(world.#collector(id));
    return world;
  }

  async end(): Promise<void> {
    for (const gateway of this.gateways) {
      gateway.spare();
      await gateway.stop();
    }
    rmSync(this.#root, { recursive: true, force: true });
  }

  collector(index: number): ModelCollector {
    return this.#at(this.collectors, index);
  }

  gateway(index: number): ModelGateway {
    return this.#at(this.gateways, index);
  }

  /**
   * A collector sends what it has to send.
   *
   * @param delivered whether it gets to the gateway.
   * @param copies that get there at once.
   * @param answer what the collector hears instead of what the gateway says; 0: nothing.
   */
  async send(
    collector: ModelCollector,
    gateway: ModelGateway,
    {
      delivered = true,
      answer,
      heartbeat = false,
      copies = 1,
    }: { delivered?: boolean; answer?: number; heartbeat?: boolean; copies?: number },
  ): Promise<number> {
    const { packet, isNew } = collector.next(heartbeat);
    if (isNew) this.network.wire.push(packet);
    const all = Array.from({ length: delivered ? copies : 0 }, () => this.network.deliver(packet, gateway));
    const status = Math.max(0, ...(await Promise.all(all)).slice(0, 1));
    collector.settle(this.isOneWay ? { kind: 'gone' } : outcomeOf(answer ?? status));
    const heard = this.isOneWay ? 'nothing ever' : (answer ?? status);
    this.tell(`${collector.id} sends ${describe(packet)}, gets ${status}, hears ${heard}`);
    return status;
  }

  /** Notes what happened. */
  tell(what: string): void {
    this.story.push(`${this.now - BEGINNING} ${what}`);
  }

  /** Somebody sends a captured packet again, the last one or one that many before it; what it gets, 0 where there is none. */
  async replay(back: number, gateway: ModelGateway): Promise<number> {
    const packet = this.network.wire.at(-1 - (back % Math.max(1, this.network.wire.length)));
    if (packet === undefined) return 0;
    const status = await this.network.deliver(packet, gateway);
    this.tell(`a copy of ${describe(packet)} gets ${status}`);
    return status;
  }

  /** Somebody with the old key sends a packet of their own, and keeps it. */
  async forge({ collector, boot, sequence, stampedIn, age }: Forgery, gateway: ModelGateway): Promise<void> {
    const timestamp = BigInt(this.now + stampedIn);
    const fields = { collector, sequence, timestamp, age, type: 'entropy' as const };
    const first = boot === Infinity ? 2n ** 64n - 1n : BigInt(this.now + boot);
    const packet = sealPacket({ ...fields, boot: first }, this.#fetch(), OLD);
    this.network.wire.push(packet);
    this.tell(`the old key seals ${describe(packet)}, gets ${await this.network.deliver(packet, gateway)}`);
  }

  /** Gives a collector a key of its own, or has it go back to the shared one. */
  rotate(collector: ModelCollector): void {
    this.#own = this.#own.has(collector.id) ? new Map() : new Map([[collector.id, [OWN]]]);
    this.network.keys = new Keyring([CURRENT, OLD], this.#own);
  }

  /** Takes a snapshot of a collector's machine. */
  photograph(collector: ModelCollector): void {
    this.#snapshot = collector.snapshot();
  }

  /** Restores a machine from the snapshot, or a second one beside it. A hypervisor takes a while for that. */
  restore(collector: ModelCollector, beside: boolean): void {
    if (this.#snapshot === undefined || this.#snapshot.id !== collector.id) return;
    this.now += 1500;
    if (!beside) collector.restore(this.#snapshot);
    else if (this.collectors.length < 4) {
      const folder = join(this.#root, `clone-${this.collectors.length}`);
      this.collectors.push(collector.clone(this.#snapshot, folder));
    }
  }

  /** Redis' machine is restored. Gateways have heard of what was taken until then, as they do twice a second, and hear of it soon. */
  async restoreRedis(): Promise<void> {
    const up = this.gateways.filter((gateway) => gateway.up);
    for (const gateway of up) await gateway.hear();
    await this.redis?.restore();
    for (const gateway of up) await gateway.hear();
  }

  /** The cause of all trouble is gone: clocks are right, processes run, nobody holds the old key, nobody is cloned. */
  async calm(): Promise<void> {
    this.network.keys = new Keyring([CURRENT], this.#own);
    this.collectors.length = 2;
    for (const one of [...this.gateways, ...this.collectors]) one.offset = 0;
    if (this.redis !== undefined) this.redis.offset = 0;
    for (const gateway of this.gateways) {
      gateway.spare();
      // A start reports: what died with leases in its hands counts as lost then.
      if (gateway.up) await gateway.stop();
      this.now += 11_000;
      await gateway.start();
    }
  }

  /** Whether each collector gets a packet taken within TTL plus skew; and a little, for the time between its attempts. */
  async heals(): Promise<boolean> {
    const waiting = new Set(this.collectors);
    const until = this.now + WINDOW.ttlMs + WINDOW.skewMs + 10_000;
    while (waiting.size > 0 && this.now <= until) {
      for (const gateway of this.gateways) await this.network.drain(gateway);
      for (const collector of waiting) {
        if ((await this.send(collector, this.gateway(0), {})) === 204) waiting.delete(collector);
      }
      this.now += 5000;
    }
    return waiting.size === 0;
  }

  #collector(id: string): ModelCollector {
    const folder = join(this.#root, id);
    mkdirSync(folder);
    return new ModelCollector(
      id,
      folder,
      () => (this.#own.has(id) ? OWN : CURRENT),
      () => this.now,
      () => this.#fetch(),
    );
  }

  /** Eight bytes that were never there before. */
  #fetch(): Buffer {
    const bytes = randomBytes(8);
    bytes.writeUInt32BE(Number((this.#fetched += 1n)));
    return bytes;
  }

  #at<T>(list: readonly T[], index: number): T {
    const found = list[index % list.length];
    if (found === undefined) throw new RangeError('nobody is there');
    return found;
  }
}

function describe(packet: Buffer): string {
  const collector = packet.toString('latin1', 16, 32).replace(/\0+$/, '');
  const since = (at: number): bigint => packet.readBigUInt64BE(at) - BigInt(BEGINNING);
  const [boot, sequence, stamped] = [since(32), packet.readBigUInt64BE(40), since(48)];
  const type = packet.readUInt8(5) === 1 ? packet.readUInt32BE(64) : 'heartbeat';
  return `${collector} ${boot}:${sequence} @${stamped} age ${packet.readUInt32BE(60)} [${type}]`;
}

function outcomeOf(status: number): Outcome {
  return status === 0 ? { kind: 'unknown', reason: 'reset' } : { kind: 'answer', status };
}
