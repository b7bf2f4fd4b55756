/** One draw that gets a receipt: where its bytes came from, as they are taken, and then its record in the log. */
import { randomBytes } from 'node:crypto';
import { encodeEntry, MAX_PIECES, SALT_BYTES, salted } from '#libs/tlog';
import type { ReceiptPiece } from '#libs/tlog';
import { joined } from '../pool/packet-ref.js';
import type { PacketRef, Piece } from '../pool/packet-ref.js';
import { unavailable } from '../problem/api-error.js';
import type { LogRecord } from './record-file.js';
import { encodeSecrets } from './secrets.js';

/** When to try again after bytes of unknown origin: others may have come by then. */
const UNKNOWN_RETRY_SECS = 60;

export interface DrawRequest {
  /** The hash that stands for the client in the public log. */
  readonly client: Buffer;
  readonly request: string;
  /** Whether the bytes drawn are revealed with the receipt. */
  readonly full: boolean;
}

/** What the log gets about a draw, and the packets that its bytes came in. */
export interface DrawRecord extends LogRecord {
  readonly packets: readonly PacketRef[];
}

export class Drawing {
  readonly #of: DrawRequest;
  readonly #now: () => number;
  #at = 0;
  #pieces: Piece[] = [];
  readonly #raw: Buffer[] = [];

  /** @param now Unix ms. */
  constructor(of: DrawRequest, now: () => number) {
    this.#of = of;
    this.#now = now;
  }

  /** When the bytes were taken, Unix ms. */
  get at(): number {
    return this.#at;
  }

  /**
   * The draw begins now; nothing is taken yet.
   *
   * @param pieces where the bytes come from that it can take.
   * @throws {ApiError} when a receipt could not say where they come from.
   */
  begin(pieces: readonly Piece[]): void {
    if (pieces.some(({ packet }) => packet === undefined)) {
      throw unavailable(
        'Nobody noted which packet the next bytes of the pool came in: they came before receipts were on, or through a gateway ' +
          'without them. Ask without a receipt, or try again later.',
        UNKNOWN_RETRY_SECS,
      );
    }
    if (pieces.length > MAX_PIECES) {
      throw unavailable(
        `The next bytes of the pool came in ${pieces.length} small packets, and a receipt names at most ${MAX_PIECES}. Ask for ` +
          'fewer bytes at a time.',
      );
    }
    this.#at = this.#now();
  }

  note(pieces: readonly Piece[], bytes: Buffer): void {
    this.#pieces = joined(this.#pieces, pieces);
    if (this.#of.full) this.#raw.push(Buffer.from(bytes)); // the draw wipes its own
  }

  /** What goes into the log and to the client about `body`, the answer. */
  record(body: Buffer): DrawRecord {
    const { client, request, full } = this.#of;
    const salt = randomBytes(SALT_BYTES);
    const raw = full ? Buffer.concat(this.#raw) : undefined;
    const entry = encodeEntry({
      ...{ time: this.#at, client, request },
      answer: salted(salt, body),
      lineage: this.#pieces.flatMap(({ packet, offset, length }): ReceiptPiece[] => {
        if (packet === undefined) return []; // `begin` refused those
        const { digest, ...named } = packet;
        return [{ ...named, offset, length, packet: digest }];
      }),
      raw: raw && salted(salt, raw),
    });
    const packets = this.#pieces.flatMap(({ packet }) => packet ?? []);
    return { entry, extra: encodeSecrets({ salt, raw }), packets };
  }

  close(): void {
    for (const bytes of this.#raw) bytes.fill(0);
  }
}
