/** What `npm run keys` does to the entries of a key file. */
import { hash, randomBytes } from 'node:crypto';
import type { KeyFileEntry } from '../../apps/gateway/src/clients/key-file.js';
import { parseInstant } from '../../apps/gateway/src/clients/instant.js';
import { EditError } from './edit-key-file.js';

/** The options of `create`, as they were typed. */
export interface CreateOptions {
  readonly scopes?: string | undefined;
  readonly 'bytes-per-day'?: string | undefined;
  readonly 'requests-per-minute'?: string | undefined;
  readonly 'not-before'?: string | undefined;
  readonly expires?: string | undefined;
}

/** A new key of 256 bits of the operating system's generator. The prefix lets scanners for leaked secrets recognise it. */
export function newKey(): string {
  return `qrng_${randomBytes(32).toString('base64url')}`;
}

/** What the file holds of a key. */
export function digestOf(key: string): string {
  return hash('sha256', key);
}

/** A new key and its entry, which the file's own rules check. */
export function createKey(name: string, options: CreateOptions): { key: string; entry: object } {
  const key = newKey();
  const entry = {
    name,
    sha256: digestOf(key),
    scopes: (options.scopes ?? 'random').split(','),
    bytesPerDay: wholeNumber(options['bytes-per-day']),
    requestsPerMinute: wholeNumber(options['requests-per-minute']),
    notBefore: options['not-before'],
    expires: options.expires,
  };
  return { key, entry };
}

/** How long an old key is accepted beside the new one, unless told otherwise. */
export const GRACE_HOURS = 168;

/**
 * A new key under the same name, scopes and limits; the old one becomes NAME.old, and expires `hours` after `now` (Unix ms), or
 * earlier if it would have. Until then each of the two has the whole quota. An older NAME.old is dropped once it has expired.
 */
export function rotateKey(
  entries: readonly KeyFileEntry[],
  name: string,
  { hours, now }: { readonly hours: number; readonly now: number },
): { key: string; entries: object[]; expires: string } {
  demand(entries, name);
  const retired = `${name}.old`;
  const kept = entries.filter((entry) => entry.name !== retired || !hasExpired(entry, now));
  if (kept.some((entry) => entry.name === retired)) {
    throw new EditError(`${retired} has not expired yet; revoke it first, if nobody uses it any more`);
  }
  const key = newKey();
  const end = new Date(now + hours * 3_600_000).toISOString();
  let expires = end;
  const rotated = kept.flatMap((entry): object[] => {
    if (entry.name !== name) return [entry];
    if (entry.disabled === true) throw new EditError(`${name} is disabled; enable it first`);
    if (hasExpired(entry, now)) throw new EditError(`${name} has expired; create a new key`);
    if (hasExpired(entry, Date.parse(end))) expires = entry.expires ?? end;
    const fresh = Object.assign({}, entry, { sha256: digestOf(key), notBefore: undefined });
    return [fresh, Object.assign({}, entry, { name: retired, expires })];
  });
  return { key, entries: rotated, expires };
}

function hasExpired({ expires }: KeyFileEntry, at: number): boolean {
  return typeof expires === 'string' && (parseInstant(expires) ?? Infinity) <= at;
}

export function removeKey(entries: readonly KeyFileEntry[], name: string): KeyFileEntry[] {
  demand(entries, name);
  return entries.filter((entry) => entry.name !== name);
}

/** The entries, that of this name switched off or on. */
export function setDisabled(
  entries: readonly KeyFileEntry[],
  name: string,
  disabled: boolean,
): KeyFileEntry[] {
  demand(entries, name);
  return entries.map((entry) => (entry.name === name ? Object.assign(entry, { disabled }) : entry));
}

/** A line for each key. */
export function describeKeys(entries: readonly KeyFileEntry[]): string {
  return entries.map(describe).join('\n');
}

function describe(entry: KeyFileEntry): string {
  const { name, scopes, bytesPerDay, requestsPerMinute, notBefore, expires, disabled } = entry;
  return [
    name,
    (scopes ?? ['random']).join(','),
    bytesPerDay ? `${bytesPerDay} bytes a day` : '',
    requestsPerMinute ? `${requestsPerMinute} requests a minute` : '',
    notBefore ? `from ${notBefore}` : '',
    expires ? `until ${expires}` : '',
    disabled === true ? 'disabled' : '',
  ]
    .filter((part) => part !== '')
    .join('  ');
}

function demand(entries: readonly KeyFileEntry[], name: string): void {
  if (!entries.some((entry) => entry.name === name)) throw new EditError(`there is no key named ${name}`);
}

/** Anything but digits goes on as it is, and the rules of the file name it. */
function wholeNumber(text: string | undefined): number | string | undefined {
  return text !== undefined && /^[0-9]{1,16}$/.test(text) ? Number(text) : text;
}
