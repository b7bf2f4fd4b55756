/**
 * A room: memory that is shared out among connections, so that nobody takes what others need.
 *
 *   room -> network (IPv4 /24, IPv6 /48), an eighth at most -> address (IPv4, IPv6 /64) -> connection
 *           or API key, where one was shown
 *
 * The connection that goes when it is full is found from the top: of the network that holds most, the address that holds most, and of that
 * the connection that has cost most: what it holds, times how long it has finished nothing. So a newcomer displaces one of those who take more than their part.
 */
import { siteOf } from '../addresses/address-network.js';
import { getOrMake } from '../maps.js';

export interface RoomSize {
  readonly bytes: number;
  readonly networkBytes: number;
  /** Of its own address, a connection displaces only what has been slow for this time. */
  readonly patienceMs: number;
}

interface Level {
  held: number;
}

interface Network extends Level {
  readonly name: string;
  readonly addresses: Map<string, Address>;
}

interface Address extends Level {
  readonly name: string;
  readonly network: Network;
  readonly places: Set<Place>;
}

/** What one connection holds. */
export class Place {
  #held = 0;
  #address: Address;
  #gone = false;

  /** @param end closes the connection; called when others need its place. */
  constructor(
    private room: Room,
    readonly source: string,
    private readonly end: () => void,
    /** When it last finished something. */
    public since: number,
  ) {
    this.#address = room.enter(this, source, siteOf(source));
  }

  get address(): Address {
    return this.#address;
  }

  get held(): number {
    return this.#held;
  }

  /** Whether it is in a room where each network has its part. */
  get isStranger(): boolean {
    return this.room.isShared;
  }

  /** Takes `bytes` more. When there is no room, others are closed for it, or this one: then it returns false. */
  grow(bytes: number): boolean {
    if (this.#gone) return false;
    this.#held += bytes;
    this.room.add(this.#address, bytes);
    this.room.makeRoom(this);
    return !this.#gone;
  }

  shrink(bytes: number): void {
    if (this.#gone) return;
    this.#held -= bytes;
    this.room.add(this.#address, -bytes);
  }

  /** @param key whose part of the room it takes, instead of that of its network. */
  moveTo(room: Room, key?: string): void {
    const name = key === undefined ? siteOf(this.source) : `key ${key}`;
    if (this.#gone || (room === this.room && name === this.#address.network.name)) return;
    this.room.leave(this);
    this.room = room;
    this.#address = room.enter(this, this.source, name);
    room.add(this.#address, this.#held);
    room.makeRoom(this);
  }

  leave(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.room.leave(this);
    this.#held = 0;
  }

  giveWay(): void {
    this.leave();
    this.end();
  }
}

export class Room {
  readonly #networks = new Map<string, Network>();
  #held = 0;
  #places = 0;

  /** @param now a clock in milliseconds that never goes back. */
  constructor(
    private readonly size: RoomSize,
    private readonly now: () => number,
  ) {}

  get held(): number {
    return this.#held;
  }

  /** Whether no network may have all of it. */
  get isShared(): boolean {
    return this.size.networkBytes < this.size.bytes;
  }

  get places(): number {
    return this.#places;
  }

  /**
   * Whether a connection of `source` (addressNetwork()) can take `bytes` now, others giving way perhaps: those of its own address
   * only once it has waited for a while, as they may be about to go.
   */
  hasRoomFor(source: string, bytes: number, waitedMs = Infinity): boolean {
    const givesWay = (network: Network): boolean => {
      const slowest = this.#slowerThan(source, network);
      return slowest !== undefined && (slowest.source !== source || waitedMs >= this.size.patienceMs);
    };
    const network = this.#networks.get(siteOf(source));
    const crowded = network !== undefined && network.held + bytes > this.size.networkBytes;
    if (crowded && !givesWay(network)) return false;
    return this.#held + bytes <= this.size.bytes || givesWay(largest(this.#networks.values()));
  }

  /** Only for Place. */
  enter(place: Place, source: string, name: string): Address {
    const network = getOrMake(this.#networks, name, (): Network => ({ name, held: 0, addresses: new Map() }));
    const begin = (): Address => ({ name: source, network, held: 0, places: new Set() });
    const address = getOrMake(network.addresses, source, begin);
    address.places.add(place);
    this.#places += 1;
    return address;
  }

  /** Only for Place. */
  leave(place: Place): void {
    const { address } = place;
    this.add(address, -place.held);
    address.places.delete(place);
    this.#places -= 1;
    if (address.places.size > 0) return;
    address.network.addresses.delete(address.name);
    if (address.network.addresses.size === 0) this.#networks.delete(address.network.name);
  }

  /** Only for Place. */
  add(address: Address, bytes: number): void {
    address.held += bytes;
    address.network.held += bytes;
    this.#held += bytes;
  }

  /** Only for Place: closes connections, perhaps that of `newest`, until all is within the bounds. */
  makeRoom(newest: Place): void {
    const { network } = newest.address;
    while (network.held > this.size.networkBytes) this.#displaceFor(newest, network);
    while (this.#held > this.size.bytes) this.#displaceFor(newest, largest(this.#networks.values()));
  }

  #displaceFor(newest: Place, network: Network): void {
    (this.#slowerThan(newest.source, network) ?? newest).giveWay();
  }

  /** The connection in `network` that gives way to one of `source`, if any does. */
  #slowerThan(source: string, network: Network): Place | undefined {
    const address = largest(network.addresses.values());
    const now = this.now();
    const slowest = dearest(address.places, now);
    const tooSoon = address.name === source && now - slowest.since < this.size.patienceMs;
    return tooSoon ? undefined : slowest;
  }
}

function largest<T extends Level>(levels: Iterable<T>): T {
  let most: T | undefined;
  for (const level of levels) if (most === undefined || level.held > most.held) most = level;
  if (most === undefined) throw new RangeError('nobody holds anything');
  return most;
}

function dearest(places: Iterable<Place>, now: number): Place {
  const costOf = ({ held, since }: Place): number => held * (now - since);
  let most: Place | undefined;
  for (const place of places) if (most === undefined || costOf(place) > costOf(most)) most = place;
  if (most === undefined) throw new RangeError('nobody holds anything');
  return most;
}
