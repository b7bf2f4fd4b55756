/**
 * Decides what becomes of the one packet that is on its way: pure, time and outcomes come in as parameters.
 *
 *   bytes -> hold -> seal -> (client sends) -> settle(outcome) -> delivered | dropped | sealed again | resent as it is
 *
 * Why nothing is served twice: each number of (boot, sequence) is a slot, and a gateway accepts at most one packet for
 * a slot. Bytes stay in their slot until they were accepted or dropped, or another packet of that slot was accepted,
 * so whichever sealings of them somebody captured, at most one is ever accepted:
 *
 * - refused for certain (401, 503, 507, nothing sent): sealed again in the same slot, with the time and key of then;
 * - unknown outcome (time-out, reset, an answer that no gateway gives): the same sealed bytes again, until 204 or 409
 *   settles it or the packet is about to expire; then the bytes are dropped. No other answer settles it.
 * - while a full pool refuses the bytes (507), a heartbeat may take their slot. Once it was accepted, the refused sealing
 *   is dead, and the bytes move on to the next slot. When its outcome stays doubtful, the bytes are dropped too.
 */
import { sealPacket } from '#libs/crypto';
import type { MacKey, PacketType } from '#libs/crypto';
import { wipeAndFree } from '#libs/entropy';

/**
 * Age at which a packet of unknown fate is given up, ms. The gateway takes packets for 300 s (QRNG_PACKET_TTL_SECS) and
 * clocks may differ by 60 s. A gateway with a shorter time to live answers 422 to the repetition, which gives up as well.
 */
export const GIVE_UP_AFTER_MS = 240_000;

/** What became of one attempt to send a packet. */
export type Outcome =
  | { readonly kind: 'answer'; readonly status: number; readonly retryAfterMs?: number }
  /** Not one byte of the request left: no connection, or no handshake. */
  | { readonly kind: 'unsent'; readonly reason: string }
  /** The request left, wholly or in part, and no answer came. */
  | { readonly kind: 'unknown'; readonly reason: string };

/** Why bytes were dropped on their way: keys of the `dropped` counters. */
export type DropReason = 'refused' | 'replayed' | 'unknown';

/** What `settle` decided. */
export interface Settlement {
  readonly result:
    | 'delivered'
    | 'full' // keep the bytes; heartbeats may still pass
    | 'paused' // keep the bytes, seal them again later
    | 'unauthorized' // keep the bytes, seal nothing until much later or a new key
    | 'unsettled' // the same sealed packet again
    | 'dropped';
  readonly type: PacketType;
  readonly sequence: bigint;
  /** Bytes of entropy that the gateway took. */
  readonly delivered: number;
  /** Bytes of entropy that were given up, and why. */
  readonly dropped?: { readonly reason: DropReason; readonly bytes: number };
}

interface Sealed {
  readonly type: PacketType;
  readonly packet: Buffer;
  readonly sealedAt: number;
  unknown: boolean;
}

export class Outbox {
  #slot = 1n;
  #held: Buffer | undefined;
  /** A sealing of the held bytes in this slot has left, or may have. */
  #exposed = false;
  /** The timestamp of the first sealing of the held bytes, in any slot. */
  #exposedAt: number | undefined;
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

  /** Takes 1 byte to 1 MiB of entropy over; only when none is held. */
  hold(data: Buffer): void {
    if (this.#held !== undefined) throw new RangeError('the outbox holds bytes already');
    this.#held = data;
    this.#exposed = false;
    this.#exposedAt = undefined;
  }

  /** Seals the held entropy for sending now. `now` is Unix ms. */
  sealEntropy(now: number, key: MacKey): Buffer {
    if (this.#held === undefined) throw new RangeError('the outbox holds no bytes');
    this.#exposed = true;
    return this.#seal('entropy', this.#held, now, key);
  }

  /** Seals a heartbeat for sending now, in the slot of the held bytes if there are any. `now` is Unix ms. */
  sealHeartbeat(telemetry: Buffer, now: number, key: MacKey): Buffer {
    return this.#seal('heartbeat', telemetry, now, key);
  }

  /** Decides by the outcome of sending the sealed packet. `now` is Unix ms. */
  settle(outcome: Outcome, now: number): Settlement {
    const sealed = this.#sealed;
    if (sealed === undefined) throw new RangeError('no packet was sealed');
    if (outcome.kind === 'answer') return this.#answered(sealed, outcome.status, now);
    if (outcome.kind === 'unsent') return this.#refused(sealed, 'paused', now);
    return this.#doubtful(sealed, now);
  }

  #answered(sealed: Sealed, status: number, now: number): Settlement {
    switch (status) {
      case 204:
        return this.#delivered(sealed, false);
      case 409:
        return sealed.unknown ? this.#delivered(sealed, true) : this.#dropped(sealed, 'replayed');
      case 400:
      case 413:
      case 415:
      case 422:
        return this.#dropped(sealed, sealed.unknown ? 'unknown' : 'refused');
      case 401:
        return this.#refused(sealed, 'unauthorized', now);
      case 503:
        return this.#refused(sealed, 'paused', now);
      case 507: // no heartbeat passes before a packet of unknown outcome
        return this.#refused(sealed, sealed.unknown ? 'unsettled' : 'full', now);
      default: // no answer of a gateway: something on the way spoke, perhaps after the gateway took the packet
        return this.#doubtful(sealed, now);
    }
  }

  #seal(type: PacketType, data: Buffer, now: number, key: MacKey): Buffer {
    if (this.#sealed !== undefined) throw new RangeError('a packet of unknown outcome is not sealed again');
    const age =
      type === 'entropy' && this.#held !== undefined ? Math.max(0, now - (this.#exposedAt ??= now)) : 0;
    const fields = { ...this.identity, type, sequence: this.#slot, timestamp: BigInt(now), age };
    const packet = sealPacket(fields, data, key);
    this.#sealed = { type, packet, sealedAt: now, unknown: false };
    return packet;
  }

  #delivered(sealed: Sealed, before: boolean): Settlement {
    if (sealed.type === 'entropy') return this.#closeSlot(sealed, 'delivered', this.#letGo());
    // 409 says that the slot is taken: by the heartbeat, or by a captured sealing of the held bytes.
    const doubtful = before && this.#exposed;
    const dropped = doubtful ? { reason: 'unknown' as const, bytes: this.#letGo() } : undefined;
    return this.#closeSlot(sealed, 'delivered', 0, dropped);
  }

  #dropped(sealed: Sealed, reason: DropReason): Settlement {
    // Held bytes go with a heartbeat only where their own sealing in this slot may have been accepted.
    const lost = sealed.type === 'entropy' || (reason !== 'refused' && this.#exposed) ? this.#letGo() : 0;
    const dropped = lost === 0 ? undefined : { reason, bytes: lost };
    if (sealed.type === 'heartbeat' && reason === 'refused') return this.#keepSlot(sealed, 'dropped');
    return this.#closeSlot(sealed, 'dropped', 0, dropped);
  }

  /** The gateway did not take this packet, for certain, unless an earlier attempt left a doubt. */
  #refused(sealed: Sealed, result: Settlement['result'], now: number): Settlement {
    return sealed.unknown ? this.#unsettled(sealed, result, now) : this.#keepSlot(sealed, result);
  }

  #doubtful(sealed: Sealed, now: number): Settlement {
    sealed.unknown = true;
    return this.#unsettled(sealed, 'unsettled', now);
  }

  #unsettled(sealed: Sealed, result: Settlement['result'], now: number): Settlement {
    if (now - sealed.sealedAt >= GIVE_UP_AFTER_MS) return this.#dropped(sealed, 'unknown');
    return { result, type: sealed.type, sequence: this.#slot, delivered: 0 };
  }

  #keepSlot(sealed: Sealed, result: Settlement['result']): Settlement {
    sealed.packet.fill(0); // not freed: after an early answer over plain HTTP a socket may still read it
    this.#sealed = undefined;
    return { result, type: sealed.type, sequence: this.#slot, delivered: 0 };
  }

  #closeSlot(
    sealed: Sealed,
    result: Settlement['result'],
    delivered: number,
    dropped?: Settlement['dropped'],
  ): Settlement {
    const settlement = this.#keepSlot(sealed, result);
    this.#slot += 1n;
    this.#exposed = false;
    return { ...settlement, delivered, ...(dropped === undefined ? {} : { dropped }) };
  }

  #letGo(): number {
    const bytes = this.heldBytes;
    if (this.#held !== undefined) wipeAndFree(this.#held);
    this.#held = undefined;
    return bytes;
  }
}
