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
 *
 * Node (libuv) accepts one connection in a turn of the event loop. So while they come, the turns stay short: the time for
 * strangers starts again once nobody comes any more, or after a while; else those whom nobody has looked at yet wait behind the
 * flood, in the kernel.
 */
import { siteOf } from '../addresses/address-network.js';
import { getOrMake, setLatest } from '../maps.js';

/** What was had counts half after this time. */
const HALF_LIFE_MS = 5000;

/** Connections that are let in before the time starts again. Not a time: a gateway with little of the processor takes long for a turn. */
const LET_IN = 16;

/** Addresses where somebody has shown who they are have this part of a turn first, for an hour (in half lives); the latest are remembered. */
const TRUSTED_PART = 1 / 2;
const TRUSTED_FOR = 720;
const MOST_TRUSTED = 10_000;

/** Those who wait for something else than time are looked at again after this. */
const RETRY_MS = 10;

export interface Waiter {
  /** The address, by addressNetwork(). */
  readonly source: string;
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

/** An address in line. */
interface Standing {
  readonly source: string;
  readonly network: Network;
  readonly queue: Queue;
}

export class Turns {
  readonly #networks = new Map<string, Network>();
  /** The addresses where somebody has shown who they are, and for how many half lives more that counts. */
  readonly #trusted = new Map<string, number>();
  readonly #forgetting = setInterval(() => this.#forget(), HALF_LIFE_MS).unref();
  #left: number;
  #waiting = 0;
  #immediate: NodeJS.Immediate | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Connections that came since the last turn, and since the time began. */
  #newcomers = 0;
  #letIn = 0;

  /** @param units that fit into one turn of the event loop. */
  constructor(private readonly units: number) {
    this.#left = units;
  }

  /** A connection was accepted: perhaps there are more. */
  noteNewcomer(): void {
    this.#newcomers += 1;
    this.#immediate ??= setImmediate(() => this.#turn());
  }

  get waiting(): number {
    return this.#waiting;
  }

  /** Lets `waiter` go, at once or later; returns false when it waits. */
  take(waiter: Waiter): boolean {
    const network = this.#network(waiter.source);
    const queue = queueOf(network, waiter.source);
    this.#immediate ??= setImmediate(() => this.#turn());
    // What is left of a turn is left by all who waited for it.
    if (this.#left >= waiter.units && waiter.isReady()) {
      this.#charge(network, queue, waiter.units);
      waiter.go();
      return true;
    }
    queue.waiting.add(waiter);
    this.#waiting += 1;
    return false;
  }

  /** Somebody at this address has shown who they are: those who come from there next go before strangers. */
  trust(source: string): void {
    setLatest(this.#trusted, source, TRUSTED_FOR, MOST_TRUSTED);
  }

  cancel(waiter: Waiter): void {
    const queue = this.#networks.get(siteOf(waiter.source))?.addresses.get(waiter.source);
    if (queue?.waiting.delete(waiter) === true) this.#waiting -= 1;
  }

  close(): void {
    clearInterval(this.#forgetting);
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
  }

  #turn(): void {
    this.#immediate = undefined;
    if (this.#letsOthersIn()) {
      this.#immediate = setImmediate(() => this.#turn());
      return;
    }
    this.#left = this.units;
    if (this.#waiting === 0) return;
    const went = this.#letGo();
    if (this.#waiting === 0) return;
    if (went) this.#immediate ??= setImmediate(() => this.#turn());
    // Nobody was ready: what they wait for does not come in this turn.
    else this.#timer ??= setTimeout(() => this.#retry(), RETRY_MS).unref();
  }

  #letsOthersIn(): boolean {
    const mayCome = this.#newcomers > 0;
    this.#letIn = mayCome ? this.#letIn + this.#newcomers : 0;
    this.#newcomers = 0;
    if (this.#letIn < LET_IN) return mayCome;
    this.#letIn = 0;
    return false;
  }

  #retry(): void {
    this.#timer = undefined;
    this.#immediate ??= setImmediate(() => this.#turn());
  }

  /** Lets those go whose address is trusted, and then all, until the turn is full; whether any went. */
  #letGo(): boolean {
    const line = this.#line();
    const trusted = line.filter(({ source }) => this.#trusted.has(source));
    const went = this.#letGoOf(trusted, this.#left - this.units * TRUSTED_PART);
    return this.#letGoOf(line, 0) || went;
  }

  /** One of each address, those first who have had least, again and again until no more than `rest` is left. */
  #letGoOf(line: readonly Standing[], rest: number): boolean {
    let went = false;
    for (let more = true; more;) {
      more = false;
      for (const { network, queue } of line) {
        const [waiter] = queue.waiting;
        if (waiter === undefined) continue;
        if (!waiter.isReady()) {
          queue.waiting.delete(waiter); // to the end of its line: those behind it may be ready
          queue.waiting.add(waiter);
          continue;
        }
        if (waiter.units > this.#left - rest) return went;
        queue.waiting.delete(waiter);
        this.#waiting -= 1;
        this.#charge(network, queue, waiter.units);
        waiter.go();
        more = went = true;
      }
    }
    return went;
  }

  #line(): Standing[] {
    return [...this.#networks.values()]
      .flatMap((network) => [...network.addresses].map(([source, queue]) => ({ source, network, queue })))
      .filter(({ queue }) => queue.waiting.size > 0)
      .sort((a, b) => a.network.had - b.network.had || a.queue.had - b.queue.had);
  }

  #charge(network: Network, queue: Queue, units: number): void {
    this.#left -= units;
    network.had += units;
    queue.had += units;
  }

  #network(source: string): Network {
    return getOrMake(this.#networks, siteOf(source), () => ({ had: 0, addresses: new Map() }));
  }

  #forget(): void {
    for (const [source, left] of this.#trusted) {
      if (left > 0) this.#trusted.set(source, left - 1);
      else this.#trusted.delete(source);
    }
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

function queueOf(network: Network, source: string): Queue {
  return getOrMake(network.addresses, source, () => ({ had: 0, waiting: new Set() }));
}
