/**
 * The decorators that settings classes are written with: each declares a variable, parses its text strictly, and says
 * in one line what it must be. `Buffer.from(x, 'hex')` and `Number()` accept too much to be used unchecked.
 */
import { createPrivateKey } from 'node:crypto';
import { isIP } from 'node:net';
import { Transform } from 'class-transformer';
import { readFault, readSettingFile } from '#libs/files';
import { ValidateBy } from './class-validator.js';

const variables = new WeakMap<object, Set<string>>();
const secrets = new WeakMap<object, Set<string>>();
const live = new WeakMap<object, Set<string>>();
const emptyable = new WeakMap<object, Set<string>>();
const needs = new WeakMap<object, Map<string, Need>>();

/** What a variable has no effect without. */
interface Need {
  /** In words. */
  readonly what: string;
  readonly isMet: (settings: object, isGiven: (name: string) => boolean) => boolean;
}

/** The names of all variables that the settings class declares. */
export function variableNames(cls: new () => object): ReadonlySet<string> {
  return variables.get(cls) ?? new Set();
}

/** Those of them that are secrets, and so may also come as `NAME_FILE`. */
export function secretNames(cls: new () => object): ReadonlySet<string> {
  return secrets.get(cls) ?? new Set();
}

/** Those secrets whose file may be empty, which is as if there were none. */
export function emptyableNames(cls: new () => object): ReadonlySet<string> {
  return emptyable.get(cls) ?? new Set();
}

/** Those of them that a running process takes over on SIGHUP; the others need a restart. */
export function liveNames(cls: new () => object): ReadonlySet<string> {
  return live.get(cls) ?? new Set();
}

/** What variables need in order to have an effect, by their names. */
export function needsOf(cls: new () => object): ReadonlyMap<string, Need> {
  return needs.get(cls) ?? new Map();
}

/**
 * Declares that the variable has no effect unless `isMet`: then a start that was given it warns "NAME has no effect without
 * `what`". What nobody may believe, such as that strangers are kept out, is a Variable that must be unset instead.
 */
export function Needs<T extends object>(
  what: string,
  isMet: (settings: T, isGiven: (name: string) => boolean) => boolean,
): (target: T, key: string | symbol) => void {
  return (target, key) => {
    const known = needs.get(target.constructor) ?? new Map<string, Need>();
    needs.set(target.constructor, known.set(String(key), { what, isMet: isMet as Need['isMet'] }));
  };
}

/**
 * Declares a variable that is valid if `check` says so; `mustBe` completes the line "NAME must be ...", never with the
 * value. `check` also gets the settings as a whole, in which other variables may be invalid. Of several on one variable
 * the topmost speaks first.
 */
export function Variable<T extends object>(
  mustBe: string | ((value: unknown) => string),
  check: (value: unknown, settings: T) => boolean,
): (target: T, key: string | symbol) => void {
  return (target, key) => {
    remember(variables, target.constructor, String(key));
    ValidateBy({
      name: 'variable',
      validator: {
        validate: (value, args) => check(value, (args?.object ?? {}) as T),
        defaultMessage: (args) =>
          `${String(key)} must be ${typeof mustBe === 'string' ? mustBe : mustBe(args?.value)}`,
      },
    })(target, key);
  };
}

/**
 * Marks a secret: it has no default and may come as `NAME_FILE`. A file that is empty is a mistake, such as one half written,
 * and must not open what the secret closes; `mayBeEmpty` where an operator empties it on purpose.
 */
export function Secret({ mayBeEmpty = false } = {}): PropertyDecorator {
  return (target, key) => {
    remember(secrets, target.constructor, String(key));
    if (mayBeEmpty) remember(emptyable, target.constructor, String(key));
  };
}

/** Marks a setting that may change while the process runs (live-settings.ts): its users read it again, or hear of the change. */
export function Live(): PropertyDecorator {
  return (target, key) => remember(live, target.constructor, String(key));
}

/** A whole number in decimal digits, from `min` to `max`, both inclusive. */
export function IntegerVariable(min: number, max: number = Number.MAX_SAFE_INTEGER): PropertyDecorator {
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  return (target, key) => {
    Transform(({ value }: { value: unknown }) =>
      typeof value === 'string' && /^(0|[1-9][0-9]{0,15})$/.test(value) ? Number(value) : value,
    )(target, key);
    Variable(`a whole number ${range}`, (value) => Number.isSafeInteger(value) && inRange(value, min, max))(
      target,
      key,
    );
  };
}

/** One of a closed set of words. */
export function ChoiceVariable(...choices: string[]): PropertyDecorator {
  return Variable(`one of ${choices.join(', ')}`, (value) => choices.includes(String(value)));
}

/** A comma separated list, trimmed and without empty items, of one item or more, each of which holds if `check` does. */
export function ListVariable(mustBe: string, check: (item: string) => boolean): PropertyDecorator {
  return (target, key) => {
    Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? splitList(value) : value))(
      target,
      key,
    );
    Variable(
      mustBe,
      (value) => Array.isArray(value) && value.length > 0 && value.every((item) => check(String(item))),
    )(target, key);
  };
}

/** The path of a file that this process can read. */
export function FileVariable(): PropertyDecorator {
  const mustBe = (value: unknown): string =>
    `the path of a readable file${value === undefined ? '' : ` (${faultOfFile(value)})`}`;
  return Variable(mustBe, (value) => faultOfFile(value) === undefined);
}

/** A path that nothing is read from at the start: one with a blank at an end is a slip that would make a second place. */
export function PathVariable(of: 'directory' | 'file'): PropertyDecorator {
  return Variable(
    `the path of a ${of}`,
    (value) => typeof value === 'string' && value !== '' && value === value.trim(),
  );
}

/** An HMAC-SHA256 key: 256 bits as 64 hex digits; a key of one byte repeated is a placeholder, not a key. */
export function HmacKeyVariable(): PropertyDecorator {
  return Variable('exactly 64 hex digits (32 bytes) that are not all the same byte', isHmacKey);
}

/** An Ed25519 private key (RFC 8032) in PEM, PKCS #8. */
export function SigningKeyVariable(): PropertyDecorator {
  return Variable('an Ed25519 private key in PEM (openssl genpkey -algorithm ed25519)', isSigningKey);
}

function isSigningKey(value: unknown): boolean {
  try {
    return createPrivateKey(String(value)).asymmetricKeyType === 'ed25519';
  } catch {
    return false; // the line about the variable says it; OpenSSL's message may quote the key
  }
}

/** Whether `value` is an HMAC key: 64 hex digits, and not the same byte 32 times. */
export function isHmacKey(value: unknown): boolean {
  return typeof value === 'string' && /^[0-9a-fA-F]{64}$/.test(value) && !/^(..)\1*$/i.test(value);
}

/** Whether `url` is https, or http to the loopback interface. */
export function isSecureUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url?.username !== '' || url.password !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
}

/** Whether a host name or address (IPv6 with or without brackets) is the loopback interface. */
export function isLoopback(host: string): boolean {
  const address = host.replace(/^\[|\]$/g, '');
  if (isIP(address) === 4) return address.startsWith('127.');
  return address === '::1' || address === 'localhost';
}

/** The items of a comma separated list, trimmed, without empty ones. */
export function splitList(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function inRange(value: unknown, min: number, max: number): boolean {
  return typeof value === 'number' && value >= min && value <= max;
}

function faultOfFile(path: unknown): string | undefined {
  if (typeof path !== 'string') return 'no path';
  try {
    readSettingFile(path);
    return undefined;
  } catch (error) {
    return readFault(error);
  }
}

function remember(names: WeakMap<object, Set<string>>, cls: object, name: string): void {
  const known = names.get(cls) ?? new Set<string>();
  names.set(cls, known.add(name));
}
