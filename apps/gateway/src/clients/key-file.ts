/** The form of `QRNG_API_KEYS_FILE`: a JSON list of entries, each with the SHA-256 digest of a key instead of the key. */
import { plainToInstance } from 'class-transformer';
import {
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsOptional,
  Matches,
  Max,
  Min,
  ValidateBy,
  Validator,
} from '#libs/settings';
import { CLIENT_NAME } from './api-key-entry.js';
import { SCOPES } from './client.js';
import type { Scope } from './client.js';
import { parseInstant } from './instant.js';

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

/** Of class-validator's ValidationError, what is used. */
interface EntryError {
  readonly property: string;
  readonly constraints?: Readonly<Record<string, string>>;
}

/** The key file is invalid. The message says where and what to change, and repeats nothing of the file. */
export class KeyFileError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'KeyFileError';
  }
}

/**
 * The entries of a key file, all of them or none.
 *
 * @throws {KeyFileError} when an entry is invalid, or two have the same name or the same key.
 */
export function parseKeyFile(text: string): KeyFileEntry[] {
  const list = parseJson(text);
  if (!Array.isArray(list)) throw new KeyFileError('the file must hold a JSON list of keys');
  const entries = list.map((value: unknown, index) => checkedEntry(value, index + 1));
  refuseTwins(entries, 'name');
  refuseTwins(entries, 'sha256');
  return entries;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new KeyFileError('the file must be JSON'); // V8's own message would quote the file
  }
}

function checkedEntry(value: unknown, number: number): KeyFileEntry {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new KeyFileError(`key ${number}: must be an object`);
  }
  const entry = plainToInstance(KeyFileEntry, value);
  const [error] = new Validator().validateSync(entry, { whitelist: true, forbidNonWhitelisted: true });
  const fault = error === undefined ? periodFault(entry) : entryFault(error);
  if (fault !== undefined) throw new KeyFileError(`key ${number}: ${fault}`);
  entry.sha256 = entry.sha256.toLowerCase();
  return entry;
}

/** What an entry's first fault is, as class-validator found it. */
export function entryFault({ property, constraints = {} }: EntryError): string {
  const [message = 'is invalid'] = Object.values(constraints);
  return 'whitelistValidation' in constraints ? `${property} is no member of an entry` : message;
}

/** Says so when an entry could never be valid. */
export function periodFault({
  notBefore,
  expires,
}: Pick<KeyFileEntry, 'notBefore' | 'expires'>): string | undefined {
  const from = parseInstant(notBefore ?? '') ?? -Infinity;
  const to = parseInstant(expires ?? '') ?? Infinity;
  return from < to ? undefined : 'expires must be after notBefore';
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

/** A date or a time of a key file, see `parseInstant`. */
export function Instant(): PropertyDecorator {
  return ValidateBy({
    name: 'instant',
    validator: {
      validate: (value) => typeof value === 'string' && parseInstant(value) !== undefined,
      defaultMessage: (args) =>
        `${args?.property ?? 'it'} must be a date (2027-01-31) or a time (2027-01-31T12:00:00Z)`,
    },
  });
}
