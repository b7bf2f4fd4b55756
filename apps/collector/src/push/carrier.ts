/** A way for sealed packets out of this network: HTTPS, UDP datagrams, or files. Which one is QRNG_PUSH_URL's to say. */
import type { Outcome } from './outbox.js';

/** Beside the 96 bytes that each packet adds to its data. */
export abstract class Carrier {
  /** The most bytes of data that a packet may have here. */
  abstract readonly maxData: number;

  /** The longest time between two heartbeats, ms; Infinity leaves it to QRNG_HEARTBEAT_INTERVAL_MS. */
  readonly heartbeatMs: number = Infinity;

  /** Gets ready, before the process first looks at its sockets. */
  open(): Promise<void> {
    return Promise.resolve();
  }

  /** Sends `packet`, once. Never rejects. At most one at a time. */
  abstract send(packet: Buffer): Promise<Outcome>;

  /** Gives up what is under way; a packet on its way has an unknown outcome then. */
  abstract abort(reason: string): void;
}
