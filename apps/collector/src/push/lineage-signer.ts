/**
 * Signs which packets this collector has sent: in each heartbeat a statement over those that none has reached the gateway about.
 *
 *   packet left -> leaf -> [ leaves of a run ] -> statement in a heartbeat -> delivered: its leaves are dropped
 *
 * On a carrier without answers a heartbeat may be lost, so each leaf is in two statements there.
 */
import { HEADER_BYTES, MAC_BYTES } from '#libs/crypto';
import type { LineageTelemetry } from '#libs/crypto';
import {
  HASH_BYTES,
  lineageGroups,
  lineageLeaf,
  lineageRoot,
  packetDigest,
  signatureOf,
  signLineage,
} from '#libs/tlog';
import type { NoteKey } from '#libs/tlog';

/** Leaves that no statement was made about; a heartbeat is due then, so that statements and their groups stay small. */
const MANY_LEAVES = 256;
/** A statement has fewer leaves than this, and as many wait at most for one. */
const MOST_LEAVES = 4096;
const MOST_STRETCHES = 16;

/** Consecutive numbers of one run. */
interface Stretch {
  readonly boot: bigint;
  from: bigint;
  readonly leaves: Buffer[];
  /** Leaves from the front that a statement was made about. */
  stated: number;
}

export class LineageSigner {
  readonly #stretches: Stretch[] = [];
  #key: NoteKey;
  #digest: Buffer | undefined;
  /** Leaves that the statement in the last heartbeat was about, and those of them that an earlier one was. */
  #last = { leaves: 0, again: 0 };

  /** @param key Ed25519; its name is the collector's id. */
  constructor(key: NoteKey) {
    this.#key = key;
  }

  /** The key that signs, with the collector's id as its name. */
  get key(): NoteKey {
    return this.#key;
  }

  /** Signs with another key from now on. */
  replaceKey(key: NoteKey): void {
    this.#key = key;
  }

  /** The sealed packet of entropy that leaves next, until the next call. */
  hold(packet: Buffer): void {
    const data = packet.subarray(HEADER_BYTES, -MAC_BYTES);
    this.#digest = packetDigest({ mac: packet.subarray(-MAC_BYTES), data });
  }

  /** The held packet left, or may have left, with this number. */
  note(boot: bigint, sequence: bigint): void {
    const stretch = this.#stretchFor(boot, sequence);
    for (let next = stretch.from + BigInt(stretch.leaves.length); next < sequence; next += 1n) {
      stretch.leaves.push(lineageLeaf(next));
    }
    stretch.leaves.push(lineageLeaf(sequence, this.#digest));
  }

  /** Whether enough packets have left for a heartbeat to be due. */
  get isFull(): boolean {
    const [first, ...others] = this.#stretches;
    return first !== undefined && (others.length > 0 || first.leaves.length - first.stated >= MANY_LEAVES);
  }

  /** What the next heartbeat says, with at most `most` roots of groups; nothing when nothing has left. */
  statement(most: number): LineageTelemetry | undefined {
    const [stretch] = this.#stretches;
    if (stretch === undefined) {
      this.#last = { leaves: 0, again: 0 };
      return undefined;
    }
    const { boot, from, leaves, stated } = stretch;
    const { size, roots } = lineageGroups(leaves, most);
    const to = from + BigInt(leaves.length) - 1n;
    const note = signLineage({ boot, from, to, root: lineageRoot(roots) }, this.#key);
    this.#last = { leaves: leaves.length, again: stated };
    stretch.stated = leaves.length;
    return {
      ...{ boot: boot.toString(), from: from.toString(), to: to.toString(), size },
      roots: Buffer.concat(roots).toString('base64'),
      signature: signatureOf(note),
    };
  }

  /** The heartbeat with the last statement was `delivered`, or `sent` without an answer. */
  settled(result: 'delivered' | 'sent'): void {
    const [stretch] = this.#stretches;
    const { leaves, again } = this.#last;
    this.#last = { leaves: 0, again: 0 };
    if (stretch === undefined || leaves === 0) return;
    const isOver = this.#stretches.length > 1 && leaves === stretch.leaves.length;
    const dropped = result === 'delivered' || isOver ? leaves : again;
    stretch.leaves.splice(0, dropped);
    stretch.from += BigInt(dropped);
    stretch.stated -= dropped;
    if (stretch.leaves.length === 0) this.#stretches.shift();
  }

  #stretchFor(boot: bigint, sequence: bigint): Stretch {
    const last = this.#stretches.at(-1);
    if (last?.boot === boot) {
      const skipped = sequence - last.from - BigInt(last.leaves.length);
      if (skipped >= 0n && BigInt(last.leaves.length) + skipped < BigInt(MOST_LEAVES)) return last;
    }
    const stretch = { boot, from: sequence, leaves: [], stated: 0 };
    this.#stretches.push(stretch);
    if (this.#stretches.length > MOST_STRETCHES) {
      this.#stretches.shift();
      this.#last = { leaves: 0, again: 0 };
    }
    return stretch;
  }
}

/** How many roots of groups fit beside the telemetry into a heartbeat of `most` bytes. */
export function groupsIn(most: number): number {
  return Math.max(1, Math.min(16, Math.floor(most / 4 / (HASH_BYTES * (4 / 3)))));
}
