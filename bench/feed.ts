/** A collector's hand on a gateway: packets sealed in advance, so that a measurement holds only the gateway's work. */
import { randomBytes } from 'node:crypto';
import { MacKey, MAX_ENTROPY_BYTES, sealPacket } from '#libs/crypto';
import { pushRequest } from './load/built-in.js';
import { Connection } from './load/connection.js';
import type { Endpoint } from './load/connection.js';

const FULL = 507;

/** Seals packets of one collector. */
export interface Sealer {
  seal: (dataBytes: number) => Buffer;
}

export class Feed implements Sealer {
  readonly #collector: string;
  readonly #key: MacKey;
  readonly #boot = BigInt(Date.now());
  #sequence = 0n;

  constructor(collector: string, hmacKey: string) {
    this.#collector = collector;
    this.#key = MacKey.fromHex(hmacKey);
  }

  /** The next packet, with `dataBytes` random bytes in it. */
  seal(dataBytes: number): Buffer {
    const fields = {
      type: 'entropy' as const,
      collector: this.#collector,
      boot: this.#boot,
      sequence: ++this.#sequence,
      timestamp: BigInt(Date.now()),
      age: 0,
    };
    return sealPacket(fields, randomBytes(dataBytes), this.#key);
  }

  /** Pushes packets of 1 MiB until the gateway's pool has no room for another one. */
  fill(gateway: Endpoint): Promise<void> {
    return fill(gateway, this, 204);
  }
}

/** Pushes packets of 1 MiB, which are answered with `taken`, until the pool of `gateway` is full. */
export async function fill(gateway: Endpoint, feed: Sealer, taken: number): Promise<void> {
  const connection = await Connection.open(gateway);
  try {
    for (;;) {
      const { status } = await connection.exchange(pushRequest(feed.seal(MAX_ENTROPY_BYTES)));
      if (status === FULL) return;
      if (status !== taken) throw new Error(`a push was answered with ${status}`);
    }
  } finally {
    connection.close();
  }
}
