/** What the texts of single settings of the gateway must be, where one line beside the setting does not say it. */
import { isIP } from 'node:net';
import { spoolDirectory } from '#libs/settings';

/** More than there are cores in most machines; each takes memory. */
export const MOST_WORKERS = 64;

/** As browsers send it: scheme, host and a port that is not the scheme's own, without a path. */
export function isOrigin(value: unknown): boolean {
  const url = URL.parse(String(value));
  return url !== null && /^https?:$/.test(url.protocol) && url.origin === value;
}

export function isRedisUrl(value: unknown): boolean {
  const url = URL.parse(String(value));
  if (url === null || url.hostname === '' || url.search !== '' || url.hash !== '') return false;
  return /^rediss?:$/.test(url.protocol) && /^(\/\d{0,5})?$/.test(url.pathname);
}

export function isWorkers(value: unknown): boolean {
  return value === 'auto' || (/^[1-9]\d?$/.test(String(value)) && Number(value) <= MOST_WORKERS);
}

/** An address, not a name: what to bind to must not depend on a resolver. */
export function isReceiver(text: string): boolean {
  const url = URL.parse(text);
  if (url?.protocol === 'spool:') return spoolDirectory(text) !== undefined;
  const isUdp = url?.protocol === 'udp:' && /^udp:\/\/[^/@?#]+:\d+$/.test(text);
  return isUdp && isIP(url.hostname.replace(/^\[|\]$/g, '')) !== 0;
}
