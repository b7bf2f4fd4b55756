/** The form of the entries of `QRNG_API_KEY`: `key` or `name:key`. */

/** The characters of a bearer token (RFC 6750, section 2.1: b64token), 32 to 256 of them. */
const KEY = /^(?=.{32,256}$)[A-Za-z0-9._~+/-]+=*$/;
/** What may name a client: it becomes a metric label and a log field. */
export const CLIENT_NAME = /^[A-Za-z0-9._-]{1,64}$/;

/** Whether `entry` is `key` or `name:key`. */
export function isApiKeyEntry(entry: string): boolean {
  const { name, key } = splitApiKeyEntry(entry);
  return KEY.test(key) && (name === undefined || CLIENT_NAME.test(name));
}

/** Splits `name:key`; a key never contains a colon. */
export function splitApiKeyEntry(entry: string): { name: string | undefined; key: string } {
  const colon = entry.indexOf(':');
  if (colon < 0) return { name: undefined, key: entry };
  return { name: entry.slice(0, colon), key: entry.slice(colon + 1) };
}
