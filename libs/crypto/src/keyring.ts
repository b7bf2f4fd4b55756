/** HMAC-SHA256 keys of the packet, and which of them a gateway accepts from which collector. */
import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

const KEY_BYTES = 32;
const KEY_ID_BYTES = 4;
const KEY_ID_LABEL = 'qrng-dd key id';
const FINGERPRINT_LABEL = 'qrng-dd key fingerprint';
const FINGERPRINT_BYTES = 16;

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

  /** A name of this key that two keys never share, as 32 hex digits. Like the id, it says nothing of the key. */
  get fingerprint(): string {
    return this.mac(Buffer.from(FINGERPRINT_LABEL)).toString('hex', 0, FINGERPRINT_BYTES);
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

/** The keys that a gateway accepts: some shared by all collectors, and those of single collectors. */
export class Keyring {
  readonly #shared: ReadonlyMap<string, MacKey>;
  readonly #own: ReadonlyMap<string, ReadonlyMap<string, MacKey>>;

  /**
   * @param shared for every collector that has no keys of its own.
   * @param own by collector. A shared key is not accepted from these: its holders could impersonate them.
   */
  constructor(shared: readonly MacKey[], own: ReadonlyMap<string, readonly MacKey[]> = new Map()) {
    this.#shared = byId(shared);
    this.#own = new Map([...own].map(([collector, keys]) => [collector, byId(keys)]));
  }

  /** The key with this id (8 hex digits) if packets of `collector` may be sealed with it. */
  find(id: string, collector: string): MacKey | undefined {
    return (this.#own.get(collector) ?? this.#shared).get(id);
  }

  hasOwn(collector: string): boolean {
    return this.#own.has(collector);
  }

  ids(): string[] {
    const own = [...this.#own.values()].flatMap((keys) => [...keys.keys()]);
    return [...new Set([...this.#shared.keys(), ...own])];
  }
}

function byId(keys: readonly MacKey[]): ReadonlyMap<string, MacKey> {
  return new Map(keys.map((key) => [key.id, key]));
}
