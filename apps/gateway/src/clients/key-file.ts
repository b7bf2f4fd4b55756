/** The form of `QRNG_API_KEYS_FILE`: a JSON list of entries, each with the SHA-256 digest of a key instead of the key. */
import { ArrayUnique, IsArray, IsBoolean, IsIn, IsInt, IsOptional, Matches, Max, Min } from '#libs/settings';
import { CLIENT_NAME } from './api-key-entry.js';
import { SCOPES } from './client.js';
import type { Scope } from './client.js';
import { Instant, KeyFileError, parseEntries } from './key-entries.js';

/** One key. What is absent or null is not limited; without `scopes` it is `random` alone. */
export class KeyFileEntry {
  @Matches(CLIENT_NAME, { message: 'name must be 1 to 64 of A-Z a-z 0-9 . _ -' })
  name!: string;

  @Matches(/^[0-9a-f]{64}$/i, { message: 'sha256 must be 64 hex digits' })
  sha256!: string;

  @IsOptional()
  @IsArray({ message: `scopes must be a list of ${SCOPES.join(', ')}` })
  @ArrayUnique({ message: 'scopes must name each scope once' })
  @IsIn(SCOPES, { each: true, message: `scopes must be among ${SCOPES.join(', ')}` })
  scopes?: Scope[] | null;

  @IsOptional()
  @Whole()
  bytesPerDay?: number | null;

  @IsOptional()
  @Whole()
  requestsPerMinute?: number | null;

  @IsOptional()
  @Instant()
  notBefore?: string | null;

  @IsOptional()
  @Instant()
  expires?: string | null;

  @IsOptional()
  @IsBoolean({ message: 'disabled must be true or false' })
  disabled?: boolean | null;
}

/**
 * The entries of a key file, all of them or none.
 *
 * @throws {KeyFileError} when an entry is invalid, or two have the same name or the same key.
 */
export function parseKeyFile(text: string): KeyFileEntry[] {
  const entries = parseEntries(text, KeyFileEntry);
  for (const entry of entries) entry.sha256 = entry.sha256.toLowerCase();
  refuseTwins(entries, 'name');
  refuseTwins(entries, 'sha256');
  return entries;
}

function refuseTwins(entries: readonly KeyFileEntry[], field: 'name' | 'sha256'): void {
  const seen = new Map<string, number>();
  for (const [index, entry] of entries.entries()) {
    const twin = seen.get(entry[field]);
    if (twin !== undefined) throw new KeyFileError(`keys ${twin} and ${index + 1} have the same ${field}`);
    seen.set(entry[field], index + 1);
  }
}

function Whole(): PropertyDecorator {
  return (target, key) => {
    const message = `${String(key)} must be a whole number of at least 1`;
    IsInt({ message })(target, key);
    Min(1, { message })(target, key);
    Max(Number.MAX_SAFE_INTEGER, { message })(target, key);
  };
}
