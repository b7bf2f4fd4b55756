/**
 * Decides what becomes of the one packet that is on its way: pure, time and outcomes come in as parameters.
 *
 *   bytes -> hold -> seal -> (client sends) -> settle(outcome) -> delivered | dropped | sealed again | resent as it is
 *
 * Why nothing is served twice: each number of (boot, sequence) is a slot, and a gateway accepts at most one packet for
 * a slot. Bytes stay in their slot until they were accepted or dropped, or another packet of that slot was accepted,
 * so whichever sealings of them somebody captured, at most one is ever accepted. All sealings of them say when the first
 * one was made (timestamp - age), so a gateway that lost its state refuses either all of them or none:
 *
 * - refused for certain (401, 503, 507, nothing sent): sealed again in the same slot, with the time and key of then;
 * - unknown outcome (time-out, reset, an answer that no gateway gives): the same sealed bytes again, until 204, 409 or
 *   422 settles it. No other answer does.
 * - while a full pool refuses the bytes (507), a heartbeat may take their slot. Once it was accepted, the refused sealing
 *   is dead, and the bytes move on to the next slot. When its outcome stays doubtful, the bytes are dropped too.
 * - bytes that a full pool refused until they were dropped leave their slot to a heartbeat, which has to go first: nothing was lost
 *   on the way, and a slot that nothing fills would look so at the gateway. While its pool is full that is every four minutes.
 * - a sealing may hold less than the one before it in its slot (for a pool that is smaller than a packet). Where it is not certain
 *   which of them was accepted, none of these bytes is sealed again;
 * - whatever was exposed for too long is dropped, and so is what turned out to be bad;
 * - on a carrier without answers (udp, spool) a packet is sent once, and its bytes are gone.
 */
import { sealPacket } from '#libs/crypto';
import type { MacKey, PacketType } from '#libs/crypto';
import { wipeAndFree } from '#libs/entropy';

/**
 * The longest time, in ms, from the first sealing of bytes to an attempt to send them. The gateway takes packets for 300 s
 * (QRNG_PACKET_TTL_SECS) and clocks may differ by 60 s.
 */
export const GIVE_UP_AFTER_MS = 240_000;

/** What became of one attempt to send a packet. */
export type Outcome =
  | { readonly kind: 'answer'; readonly status: number; readonly retryAfterMs?: number }
  /** It left on a carrier without answers: whether it arrives is not known, and never will be. */
  | { readonly kind: 'gone' }
  /** There is no room on the way; nothing left. */
  | { readonly kind: 'full' }
  /** Not one byte of the request left: no connection, or no handshake. */
  | { readonly kind: 'unsent'; readonly reason: string }
  /** The request left, wholly or in part, and no answer came. */
  | { readonly kind: 'unknown'; readonly reason: string };

/** Why bytes were dropped on their way: keys of the `dropped` counters. */
export type DropReason = 'refused' | 'replayed' | 'unknown' | 'expired' | 'full' | 'quarantine';

/** What `settle` or `expire` decided. */
export interface Settlement {
  readonly result:
    | 'delivered'
    | 'sent' // gone on a carrier without answers
    | 'full' // keep the bytes; heartbeats may still pass
    | 'paused' // keep the bytes, seal them again later
    | 'unauthorized' // keep the bytes, seal nothing until much later or a new key
    | 'unsettled' // the same sealed packet again
    | 'replayed' // somebody else uses this run's numbers: the run must end
    | 'dropped';
  readonly type: PacketType;
  readonly sequence: bigint;
  /** Bytes of entropy that the gateway took, or that left on a carrier without answers. */
  readonly delivered: number;
  /** Bytes of entropy that were given up, and why. */
  readonly dropped?: { readonly reason: DropReason; readonly bytes: number };
}

interface Sealed {
  readonly type: PacketType;
  readonly packet: Buffer;
  /** Held bytes that are in it. */
  readonly bytes: number;
  /** When its bytes were first sealed, Unix ms. */
  readonly exposedAt: number;
  unknown: boolean;
}

export class Outbox {
  #slot = 1n;
  #held: Buffer | undefined;
  /** When the held bytes were first sealed, in whichever slot: Unix ms. */
  #exposedAt: number | undefined;
  /** The most of the held bytes, from their beginning, that a sealing in this slot had; 0: none has left, or can have. */
  #exposedBytes = 0;
  /** The same, before the sealing that is under way. */
  #exposedBefore = 0;
  /** At the last attempt with held bytes the gateway had no room for them. */
  #hadNoRoom = false;
  /** The held bytes are not sealed again. */
  #condemned = false;
  #sealed: Sealed | undefined;

  /** @param identity who seals; `boot` is never lower than that of an earlier run. */
  constructor(private readonly identity: { readonly collector: string; readonly boot: bigint }) {}

  /** Bytes of entropy that are on their way: sealed or waiting to be sealed again. */
  get heldBytes(): number {
    return this.#held?.length ?? 0;
  }

  /** The packet whose outcome is unknown, to be sent again as it is. */
  get unsettled(): Buffer | undefined {
    return this.#sealed?.packet;
  }

  /** Whether the slot has had a sealing of bytes that were dropped since: a heartbeat has to go first. */
  get needsHeartbeat(): boolean {
    return this.#held === undefined && this.#exposedBytes > 0;
  }

  /** Takes 1 byte to 1 MiB of entropy over; only when none is held, and no heartbeat has to go first. */
  hold(data: Buffer): void {
    if (this.#held !== undefined) throw new RangeError('the outbox holds bytes already');
    if (this.needsHeartbeat) throw new RangeError('a heartbeat has to go first');
    this.#held = data;
    this.#exposedAt = undefined;
    this.#exposedBytes = 0;
    this.#hadNoRoom = false;
  }

  /** What is held turned out to be bad: with the next `expire` it is dropped, unless the gateway takes what has left already. */
  condemn(): void {
    this.#condemned = this.#held !== undefined;
  }

  /** Seals the held entropy, or the first `most` bytes of it, for sending now. `now` (Unix ms) never goes back. */
  sealEntropy(now: number, key: MacKey, most = Infinity): Buffer {
    if (this.#held === undefined) throw new RangeError('the outbox holds no bytes');
    const data = this.#held.subarray(0, Math.min(most, this.#held.length));
    this.#exposedAt ??= now;
    this.#exposedBefore = this.#exposedBytes;
    this.#exposedBytes = Math.max(this.#exposedBytes, data.length);
    return this.#seal('entropy', data, now, this.#exposedAt, key);
  }

  /** Seals a heartbeat for sending now, in the slot of the held bytes if there are any. `now` (Unix ms) never goes back. */
  sealHeartbeat(telemetry: Buffer, now: number, key: MacKey): Buffer {
    return this.#seal('heartbeat', telemetry, now, now, key);
  }

  /** Decides by the outcome of sending the sealed packet. */
  settle(outcome: Outcome): Settlement {
    const sealed = this.#sealed;
    if (sealed === undefined) throw new RangeError('no packet was sealed');
    const settlement = this.#settled(sealed, outcome);
    if (settlement.type === 'entropy') this.#hadNoRoom = settlement.result === 'full';
    return settlement;
  }

  #settled(sealed: Sealed, outcome: Outcome): Settlement {
    if (outcome.kind === 'answer') return this.#answered(sealed, outcome.status);
    if (outcome.kind === 'gone') return this.#gone(sealed);
    if (outcome.kind === 'full') return this.#notSent(sealed);
    if (outcome.kind === 'unsent') return this.#refused(sealed, 'paused');
    return this.#doubtful(sealed);
  }

  /** Gives up what was first sealed too long before `now` (Unix ms), or is condemned, if anything was. */
  expire(now: number): Settlement | undefined {
    const oldest = now - GIVE_UP_AFTER_MS;
    const sealed = this.#sealed;
    if (sealed !== undefined) {
      const isCondemned = this.#condemned && sealed.type === 'entropy';
      return sealed.exposedAt <= oldest || isCondemned ? this.#dropped(sealed, 'unknown') : undefined;
    }
    if (this.#held === undefined) return undefined;
    const isExpired = this.#exposedAt !== undefined && this.#exposedAt <= oldest;
    if (!isExpired && !this.#condemned) return undefined;
    const reason: DropReason = this.#condemned ? 'quarantine' : this.#hadNoRoom ? 'full' : 'expired';
    const sequence = this.#slot;
    if (this.#exposedBytes > 0 && reason !== 'full') this.#leaveSlot();
    const dropped = { reason, bytes: this.#letGo() };
    return { result: 'dropped', type: 'entropy', sequence, delivered: 0, dropped };
  }

  /** Wipes what is held, sealed or not, at the end of the run; gives how many bytes that was. */
  clear(): number {
    this.#sealed?.packet.fill(0);
    this.#sealed = undefined;
    return this.#letGo();
  }

  #answered(sealed: Sealed, status: number): Settlement {
    switch (status) {
      case 204:
        return this.#delivered(sealed, false);
      case 409:
        return sealed.unknown ? this.#delivered(sealed, true) : this.#dropped(sealed, 'replayed');
      case 422:
        return this.#dropped(sealed, sealed.unknown ? 'unknown' : 'refused');
      case 400:
      case 413:
      case 415:
        return sealed.unknown ? this.#doubtful(sealed) : this.#dropped(sealed, 'refused');
      case 401:
        return this.#refused(sealed, 'unauthorized');
      case 503:
        return this.#refused(sealed, 'paused');
      case 507: // no heartbeat passes before a packet of unknown outcome
        return this.#refused(sealed, sealed.unknown ? 'unsettled' : 'full');
      default: // no answer of a gateway: something on the way spoke, perhaps after the gateway took the packet
        return this.#doubtful(sealed);
    }
  }

  #seal(type: PacketType, data: Buffer, now: number, exposedAt: number, key: MacKey): Buffer {
    if (this.#sealed !== undefined) throw new RangeError('a packet of unknown outcome is not sealed again');
    const when = { timestamp: BigInt(now), age: now - exposedAt };
    const packet = sealPacket({ ...this.identity, type, sequence: this.#slot, ...when }, data, key);
    const bytes = type === 'entropy' ? data.length : 0;
    this.#sealed = { type, packet, bytes, exposedAt, unknown: false };
    return packet;
  }

  #delivered(sealed: Sealed, before: boolean): Settlement {
    // 409 says that the slot is taken: by this sealing, or by a captured one of more of the held bytes.
    return this.#taken(sealed, 'delivered', before && this.#exposedBytes > sealed.bytes);
  }

  /** @param doubtful whether more of the held bytes than are in `sealed` may have been accepted, too. */
  #taken(sealed: Sealed, result: 'delivered' | 'sent', doubtful: boolean): Settlement {
    const delivered = this.#letGo(sealed.bytes);
    const rest = doubtful ? this.#letGo() : 0;
    const dropped = rest === 0 ? undefined : { reason: 'unknown' as const, bytes: rest };
    return this.#closeSlot(sealed, result, delivered, dropped);
  }

  #gone(sealed: Sealed): Settlement {
    return this.#taken(sealed, 'sent', sealed.type === 'entropy' && this.#exposedBytes > sealed.bytes);
  }

  #dropped(sealed: Sealed, reason: DropReason): Settlement {
    // Held bytes go with a heartbeat only where their own sealing in this slot may have been accepted.
    const lost =
      sealed.type === 'entropy' || (reason !== 'refused' && this.#exposedBytes > 0) ? this.#letGo() : 0;
    const dropped = lost === 0 ? undefined : { reason, bytes: lost };
    const isRefusedHeartbeat = sealed.type === 'heartbeat' && reason === 'refused';
    if (isRefusedHeartbeat && !this.needsHeartbeat) return this.#keepSlot(sealed, 'dropped');
    return this.#closeSlot(sealed, reason === 'replayed' ? 'replayed' : 'dropped', 0, dropped);
  }

  /** A carrier without answers had no room: nothing left. */
  #notSent(sealed: Sealed): Settlement {
    if (sealed.type === 'entropy' && !sealed.unknown) this.#exposedBytes = this.#exposedBefore;
    return this.#refused(sealed, 'full');
  }

  /** The gateway did not take this packet, for certain, unless an earlier attempt left a doubt. */
  #refused(sealed: Sealed, result: Settlement['result']): Settlement {
    return sealed.unknown ? this.#asItIs(sealed, result) : this.#keepSlot(sealed, result);
  }

  #doubtful(sealed: Sealed): Settlement {
    sealed.unknown = true;
    return this.#asItIs(sealed, 'unsettled');
  }

  #asItIs({ type }: Sealed, result: Settlement['result']): Settlement {
    return { result, type, sequence: this.#slot, delivered: 0 };
  }

  #keepSlot(sealed: Sealed, result: Settlement['result']): Settlement {
    sealed.packet.fill(0); // not freed: after an early answer over plain HTTP a socket may still read it
    this.#sealed = undefined;
    return this.#asItIs(sealed, result);
  }

  #closeSlot(
    sealed: Sealed,
    result: Settlement['result'],
    delivered: number,
    dropped?: Settlement['dropped'],
  ): Settlement {
    const settlement = this.#keepSlot(sealed, result);
    this.#leaveSlot();
    return { ...settlement, delivered, ...(dropped === undefined ? {} : { dropped }) };
  }

  #leaveSlot(): void {
    this.#slot += 1n;
    this.#exposedBytes = 0;
  }

  /** Wipes the first `bytes` of what is held; the others keep the time of their first exposure. */
  #letGo(bytes = this.heldBytes): number {
    if (this.#held === undefined) return 0;
    if (bytes < this.#held.length) {
      this.#held.fill(0, 0, bytes);
      this.#held = this.#held.subarray(bytes);
      return bytes;
    }
    wipeAndFree(this.#held);
    this.#held = undefined;
    this.#exposedAt = undefined;
    this.#condemned = false;
    return bytes;
  }
}
