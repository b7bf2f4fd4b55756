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

/** What is reported of a packet that was not taken. */
export interface Refused {
  readonly result: RefusalResult;
  readonly detail: string;
}

/** A packet that was not taken, or (`unknown`) perhaps. */
export class PacketRefusal extends Error implements Refused {
  constructor(
    readonly result: RefusalResult,
    readonly detail: string,
  ) {
    super(detail);
    this.name = 'PacketRefusal';
  }
}
