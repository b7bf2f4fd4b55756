/** HMAC-SHA256 keys of the packet, and the few of them that are valid at a time (current and previous). */
import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

const KEY_BYTES = 32;
const KEY_ID_BYTES = 4;
const KEY_ID_LABEL = 'qrng-dd key id';

/** One 256-bit key with its id: the first 4 bytes of HMAC-SHA256(key, "qrng-dd key id"), as 8 hex digits. */
export class MacKey {
  readonly id: string;
  // A KeyObject made once: HMAC with a raw Buffer key costs 11 us more a call.
  readonly #key: KeyObject;

  private constructor(key: Buffer) {
    this.#key = createSecretKey(key);
    this.id = this.mac(Buffer.from(KEY_ID_LABEL)).toString('hex', 0, KEY_ID_BYTES);
  }

  /**
   * @param hex exactly 64 hex digits.
   * @throws {RangeError} on any other text; `Buffer.from(hex, 'hex')` alone would cut it off silently.
   */
  static fromHex(hex: string): MacKey {
    if (!/^[0-9a-fA-F]{64}$/.test(hex)) {
      throw new RangeError(`an HMAC key is ${KEY_BYTES} bytes as 64 hex digits`);
    }
    return new MacKey(Buffer.from(hex, 'hex'));
  }

  /** HMAC-SHA256 of `bytes`, 32 bytes (RFC 2104, FIPS 198-1). */
  mac(bytes: Uint8Array): Buffer {
    return createHmac('sha256', this.#key).update(bytes).digest();
  }

  /** Whether `mac` (32 bytes) is that of `bytes`, in time that does not depend on where they differ. */
  verify(bytes: Uint8Array, mac: Uint8Array): boolean {
    return timingSafeEqual(this.mac(bytes), mac);
  }
}

/** The keys that a gateway accepts. */
export class Keyring {
  readonly #keys: ReadonlyMap<string, MacKey>;

  constructor(keys: readonly MacKey[]) {
    this.#keys = new Map(keys.map((key) => [key.id, key]));
  }

  /** The key with this id (8 hex digits), if it is a valid one. */
  find(id: string): MacKey | undefined {
    return this.#keys.get(id);
  }

  /** The ids of all valid keys. */
  ids(): string[] {
    return [...this.#keys.keys()];
  }
}
