/**
 * Which packets lately came and what their collectors signed about them: from both, the proof that a collector sent a packet.
 *
 *   packets accepted -> digests -+
 *   heartbeats -> statements ----+-> a group whose root is the one that was signed -> path from a packet to it
 *
 * The gateway checks no signature: it has no key of a collector, and verifiers pin theirs. A number that it has not seen counts as
 * one without entropy, as a heartbeat's is; where a packet was lost its group leads to another root, and has no proofs.
 */
import type { LineageTelemetry, Packet } from '#libs/crypto';
import {
  HASH_BYTES,
  lineageLeaf,
  lineagePath,
  lineageRoot,
  lineageSize,
  packetDigest,
  packetName,
} from '#libs/tlog';
import type { LineageGroups, PacketProof } from '#libs/tlog';
import type { PacketRef } from '../pool/packet-ref.js';
import { setLatest } from '../maps.js';

/** More than come until a statement does; in all, and of statements. */
const MOST_PACKETS = 65_536;
const MOST_STATEMENTS = 1024;
/** A statement about more is not looked at: a collector makes none. */
const MOST_LEAVES = 8192;

interface Statement {
  readonly collector: string;
  readonly boot: bigint;
  readonly from: bigint;
  readonly to: bigint;
  readonly signature: string;
  readonly groups: LineageGroups;
  /** The leaves of groups that lead to the signed root. */
  readonly proven: Map<number, readonly Buffer[]>;
}

export class LineageBook {
  readonly #digests = new Map<string, Buffer>();
  readonly #statements: Statement[] = [];

  static refOf(packet: Packet): PacketRef {
    const { collector, boot, sequence } = packet;
    return { collector, boot, sequence, digest: packetDigest(packet) };
  }

  note(packet: PacketRef): void {
    setLatest(this.#digests, packetName(packet), packet.digest, MOST_PACKETS);
  }

  /** Notes what `collector` signed. Nothing that does not fit together is kept. */
  state(collector: string, lineage: LineageTelemetry): void {
    const { boot, from, to, size, roots, signature } = lineage;
    const numbers = { boot: BigInt(boot), from: BigInt(from), to: BigInt(to) };
    const leaves = lineageSize(numbers) ?? Infinity;
    const bytes = Buffer.from(roots, 'base64');
    const count = bytes.length / HASH_BYTES;
    if (leaves > MOST_LEAVES || size < 1 || count !== Math.ceil(leaves / size)) return;
    const hashes = Array.from({ length: count }, (_, i) =>
      bytes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES),
    );
    this.#statements.push({
      ...{ collector, ...numbers, signature },
      groups: { size, roots: hashes },
      proven: new Map(),
    });
    if (this.#statements.length > MOST_STATEMENTS) this.#statements.shift();
  }

  /** The proof that its collector signed for a packet; undefined as long as there is none. */
  proof(packet: PacketRef): PacketProof | undefined {
    for (const statement of this.#statements.toReversed()) {
      const { collector, boot, from, to, signature, groups } = statement;
      const { sequence } = packet;
      if (collector !== packet.collector || boot !== packet.boot || sequence < from || sequence > to) {
        continue;
      }
      const index = Number(sequence - from);
      const group = this.#groupOf(statement, Math.floor(index / groups.size));
      if (group !== undefined) return { from, to, signature, path: lineagePath(index, group, groups) };
    }
    return undefined;
  }

  /** The leaves of a group, once they lead to what was signed. */
  #groupOf(
    { collector, boot, from, to, groups, proven }: Statement,
    group: number,
  ): readonly Buffer[] | undefined {
    const known = proven.get(group);
    if (known !== undefined) return known;
    const leaves: Buffer[] = [];
    const first = from + BigInt(group * groups.size);
    for (let at = 0; at < groups.size && first + BigInt(at) <= to; at++) {
      const sequence = first + BigInt(at);
      leaves.push(lineageLeaf(sequence, this.#digests.get(packetName({ collector, boot, sequence }))));
    }
    if (groups.roots[group]?.equals(lineageRoot(leaves)) !== true) return undefined;
    proven.set(group, leaves);
    return leaves;
  }
}
