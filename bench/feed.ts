/** A collector's hand on a gateway: packets sealed in advance, so that a measurement holds only the gateway's work. */
import { randomBytes } from 'node:crypto';
import { MacKey, MAX_ENTROPY_BYTES, sealPacket } from '#libs/crypto';
import { pushRequest } from './load/built-in.js';
import { Connection } from './load/connection.js';
import type { Endpoint } from './load/connection.js';

const FULL = 507;

export class Feed {
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
  async fill(gateway: Endpoint): Promise<void> {
    const connection = await Connection.open(gateway);
    try {
      for (;;) {
        const { status } = await connection.exchange(pushRequest(this.seal(MAX_ENTROPY_BYTES)));
        if (status === FULL) return;
        if (status !== 204) throw new Error(`a push was answered with ${status}`);
      }
    } finally {
      connection.close();
    }
  }
}
