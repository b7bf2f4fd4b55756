/** The form of `QRNG_COLLECTOR_KEYS_FILE`: a JSON list of HMAC keys, each of which one collector alone seals with. */
import { isCollectorId, MacKey } from '#libs/crypto';
import { isHmacKey, IsOptional, ValidateBy } from '#libs/settings';
import { Instant, KeyFileError, parseEntries } from '../clients/key-entries.js';
import { parseInstant } from '../clients/instant.js';

/** A key of one collector, valid from and until these times (Unix ms); the end is excluded. */
export interface CollectorKey {
  readonly collector: string;
  readonly key: MacKey;
  /** Whether it is on its way out. Such a one may be the key that this collector shared with others until now. */
  readonly isPrevious: boolean;
  readonly notBefore: number;
  readonly expires: number;
}

/** One entry. A collector may have several, such as one that expires and one that begins then. */
class CollectorKeysEntry {
  @CheckedBy(isCollector, 'collector must be 1 to 16 of a-z 0-9 -')
  collector!: string;

  @CheckedBy(isHmacKey, 'key must be exactly 64 hex digits (32 bytes) that are not all the same byte')
  key!: string;

  @IsOptional()
  @CheckedBy(isHmacKey, 'previous must be exactly 64 hex digits (32 bytes) that are not all the same byte')
  previous?: string | null;

  @IsOptional()
  @Instant()
  notBefore?: string | null;

  @IsOptional()
  @Instant()
  expires?: string | null;
}

/**
 * The keys of such a file, all of them or none.
 *
 * @throws {KeyFileError} when an entry is invalid, or two collectors have the same key: each could speak for the other.
 */
export function parseCollectorKeys(text: string): CollectorKey[] {
  const keys = parseEntries(text, CollectorKeysEntry).flatMap(keysOf);
  for (const { collector, key } of keys.filter(({ isPrevious }) => !isPrevious)) {
    const twin = keys.find((other) => other.key.id === key.id && other.collector !== collector);
    if (twin !== undefined) throw new KeyFileError(`${collector} and ${twin.collector} have the same key`);
  }
  return keys;
}

function keysOf(entry: CollectorKeysEntry): CollectorKey[] {
  const { collector, key, previous } = entry;
  const notBefore = parseInstant(entry.notBefore ?? '') ?? -Infinity;
  const expires = parseInstant(entry.expires ?? '') ?? Infinity;
  const own = { collector, key: MacKey.fromHex(key), isPrevious: false, notBefore, expires };
  // The previous key was valid before, so notBefore says nothing of it.
  if (previous === undefined || previous === null) return [own];
  const before = {
    collector,
    key: MacKey.fromHex(previous),
    isPrevious: true,
    notBefore: -Infinity,
    expires,
  };
  return [own, before];
}

function isCollector(value: unknown): boolean {
  return typeof value === 'string' && isCollectorId(value);
}

function CheckedBy(validate: (value: unknown) => boolean, message: string): PropertyDecorator {
  return ValidateBy({ name: 'checked', validator: { validate, defaultMessage: () => message } });
}
