/** Why a packet was not taken, whichever way it came. */

/** The results of a packet that was not taken; `unknown`: perhaps it was, the answer of the store was lost. */
export type RefusalResult =
  | 'malformed'
  | 'crc'
  | 'client_cert'
  | 'hmac'
  | 'replay'
  | 'conflict'
  | 'stale'
  | 'future'
  | 'unready'
  | 'full'
  | 'unknown';

/** A packet that was not taken, or (`unknown`) perhaps. */
export class PacketRefusal extends Error {
  constructor(
    readonly result: RefusalResult,
    readonly detail: string,
  ) {
    super(detail);
    this.name = 'PacketRefusal';
  }
}
