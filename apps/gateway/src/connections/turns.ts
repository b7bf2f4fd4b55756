/**
 * Shares the processor out among those who have shown neither a key nor a certificate. What they ask for, a handshake or the next
 * request, goes on at once while a turn of the event loop has time for it, and else waits:
 *
 *   take() -> time left in this turn? -> go
 *                | no
 *                v
 *   network -> address -> in line        next turn: first the one that has had least lately
 *
 * So a flood takes what nobody else needs, and somebody who comes now and then does not wait behind it.
 */
import { siteOf } from '../addresses/site.js';

/** What was had counts half after this time. */
const HALF_LIFE_MS = 5000;

/** Those who wait for something else than time are looked at again after this. */
const RETRY_MS = 10;

/** Somebody who waits. */
export interface Waiter {
  /** The address, by addressNetwork(). */
  readonly source: string;
  /** Its cost. */
  readonly units: number;
  /** Whether it could go now. */
  readonly isReady: () => boolean;
  readonly go: () => void;
}

interface Queue {
  /** Units that were had lately. */
  had: number;
  readonly waiting: Set<Waiter>;
}

interface Network {
  had: number;
  readonly addresses: Map<string, Queue>;
}

export class Turns {
  readonly #networks = new Map<string, Network>();
  readonly #forgetting = setInterval(() => this.#forget(), HALF_LIFE_MS).unref();
  #left: number;
  #waiting = 0;
  #immediate: NodeJS.Immediate | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param units that fit into one turn of the event loop. */
  constructor(private readonly units: number) {
    this.#left = units;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Lets `waiter` go, at once or later; returns false when it waits. */
  take(waiter: Waiter): boolean {
    const network = this.#network(waiter);
    const queue = queueOf(network, waiter);
    this.#immediate ??= setImmediate(() => this.#turn());
    // What is left of a turn is left by all who waited for it.
    if (this.#left >= waiter.units && waiter.isReady()) {
      this.#charge(network, queue, waiter);
      waiter.go();
      return true;
    }
    queue.waiting.add(waiter);
    this.#waiting += 1;
    return false;
  }

  /** Takes one who waits out of the line. */
  cancel(waiter: Waiter): void {
    const queue = this.#networks.get(siteOf(waiter.source))?.addresses.get(waiter.source);
    if (queue?.waiting.delete(waiter) === true) this.#waiting -= 1;
  }

  close(): void {
    clearInterval(this.#forgetting);
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
  }

  /** Begins a turn, with those who wait. */
  #turn(): void {
    this.#immediate = undefined;
    this.#left = this.units;
    if (this.#waiting === 0) return;
    const went = this.#letGo();
    if (this.#waiting === 0) return;
    if (went) this.#immediate ??= setImmediate(() => this.#turn());
    // Nobody was ready: what they wait for does not come in this turn.
    else this.#timer ??= setTimeout(() => this.#retry(), RETRY_MS).unref();
  }

  #retry(): void {
    this.#timer = undefined;
    this.#immediate ??= setImmediate(() => this.#turn());
  }

  /** Lets one of each address go, those first who have had least, again and again until the turn is full; whether any went. */
  #letGo(): boolean {
    const line = this.#line();
    let went = false;
    for (let more = true; more;) {
      more = false;
      for (const { network, queue } of line) {
        const [waiter] = queue.waiting;
        if (waiter?.isReady() !== true) continue;
        if (waiter.units > this.#left) return went;
        queue.waiting.delete(waiter);
        this.#waiting -= 1;
        this.#charge(network, queue, waiter);
        waiter.go();
        more = went = true;
      }
    }
    return went;
  }

  #line(): { network: Network; queue: Queue }[] {
    return [...this.#networks.values()]
      .flatMap((network) => [...network.addresses.values()].map((queue) => ({ network, queue })))
      .filter(({ queue }) => queue.waiting.size > 0)
      .sort((a, b) => a.network.had - b.network.had || a.queue.had - b.queue.had);
  }

  #charge(network: Network, queue: Queue, { units }: Waiter): void {
    this.#left -= units;
    network.had += units;
    queue.had += units;
  }

  #network({ source }: Waiter): Network {
    const name = siteOf(source);
    const network = this.#networks.get(name) ?? { had: 0, addresses: new Map<string, Queue>() };
    this.#networks.set(name, network);
    return network;
  }

  #forget(): void {
    for (const [name, network] of this.#networks) {
      network.had /= 2;
      for (const [source, queue] of network.addresses) {
        queue.had /= 2;
        if (queue.had < 1 && queue.waiting.size === 0) network.addresses.delete(source);
      }
      if (network.addresses.size === 0) this.#networks.delete(name);
    }
  }
}

function queueOf(network: Network, { source }: Waiter): Queue {
  const queue = network.addresses.get(source) ?? { had: 0, waiting: new Set<Waiter>() };
  network.addresses.set(source, queue);
  return queue;
}
