/** Where a packet came from, whichever way it came. */

/** The carriers; a label of `qrng_packets_total`. */
export type Transport = 'https' | 'udp' | 'spool';

export interface Origin {
  readonly transport: Transport;
  /** The sender's address; of a spool its directory. */
  readonly source: string;
}
