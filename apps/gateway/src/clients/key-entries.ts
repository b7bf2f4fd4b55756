/** What both key files have in common: a JSON list of entries, read as a whole or not at all, and how their errors are said. */
import { plainToInstance } from 'class-transformer';
import { ValidateBy, Validator } from '#libs/settings';
import { repeatedMember } from '../repeated-member.js';
import { parseInstant } from './instant.js';

/** The key file is invalid. The message says where and what to change, and repeats nothing of the file. */
export class KeyFileError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'KeyFileError';
  }
}

interface Period {
  readonly notBefore?: string | null;
  readonly expires?: string | null;
}

/** Of class-validator's ValidationError, what is used. */
interface EntryError {
  readonly property: string;
  readonly constraints?: Readonly<Record<string, string>>;
}

/**
 * The entries of such a file, each checked by the decorators of `Entry`.
 *
 * @throws {KeyFileError} when one is invalid, names a member twice, or could never be valid.
 */
export function parseEntries<T extends Period & object>(text: string, Entry: new () => T): T[] {
  return parseList(text).map((value, index) => {
    const fail = (fault: string): never => {
      throw new KeyFileError(`key ${index + 1}: ${fault}`);
    };
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return fail('must be an object');
    const entry = plainToInstance(Entry, value);
    const [error] = new Validator().validateSync(entry, { whitelist: true, forbidNonWhitelisted: true });
    const fault = error === undefined ? periodFault(entry) : entryFault(error);
    return fault === undefined ? entry : fail(fault);
  });
}

function parseList(text: string): readonly unknown[] {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    throw new KeyFileError('the file must be JSON'); // V8's own message would quote the file
  }
  if (!Array.isArray(list)) throw new KeyFileError('the file must hold a JSON list of keys');
  // Of `"disabled": true` and `"disabled": false` the last one would count, unseen.
  if (repeatedMember(text) !== undefined) throw new KeyFileError('an entry names a member twice');
  return list as unknown[];
}

function entryFault({ property, constraints = {} }: EntryError): string {
  const [message = 'is invalid'] = Object.values(constraints);
  return 'whitelistValidation' in constraints ? `${property} is no member of an entry` : message;
}

function periodFault({ notBefore, expires }: Period): string | undefined {
  const from = parseInstant(notBefore ?? '') ?? -Infinity;
  const to = parseInstant(expires ?? '') ?? Infinity;
  return from < to ? undefined : 'expires must be after notBefore';
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
