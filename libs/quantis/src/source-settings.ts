/** Which settings of a source are valid. Imported as `#libs/quantis/settings`, without the sources themselves and Nest. */
import { fileURLToPath } from 'node:url';
import { isSecureUrl } from '#libs/settings';

/** Whether `text` names a source: an https URL (http to loopback) or the file URL of a device, without credentials. */
export function isSourceUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url?.hash !== '') return false;
  return url.protocol === 'file:' ? url.search === '' && devicePath(url) !== undefined : isSecureUrl(text);
}

/** Whether `text` is a SHA-256 fingerprint: 64 hex digits, or 32 pairs with colons between them. */
export function isFingerprint(text: string): boolean {
  return /^([0-9a-f]{64}|([0-9a-f]{2}:){31}[0-9a-f]{2})$/i.test(text);
}

/** The absolute path of a file URL; undefined when it names a host, the root, or has `%2F` or no UTF-8 in it. */
function devicePath(url: URL): string | undefined {
  try {
    const path = fileURLToPath(url);
    return path === '/' ? undefined : path;
  } catch {
    return undefined;
  }
}
