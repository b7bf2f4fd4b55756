/** The form of the entries of `QRNG_API_KEY`: `key` or `name:key`. */
import { isToken } from './token.js';

/** What may name a client: it becomes a metric label and a log field. */
export const CLIENT_NAME = /^[A-Za-z0-9._-]{1,64}$/;

export function isApiKeyEntry(entry: string): boolean {
  const { name, key } = splitApiKeyEntry(entry);
  return isToken(key, 32, 256) && (name === undefined || CLIENT_NAME.test(name));
}

/** Splits `name:key`; a key never contains a colon. */
export function splitApiKeyEntry(entry: string): { name: string | undefined; key: string } {
  const colon = entry.indexOf(':');
  if (colon < 0) return { name: undefined, key: entry };
  return { name: entry.slice(0, colon), key: entry.slice(colon + 1) };
}
