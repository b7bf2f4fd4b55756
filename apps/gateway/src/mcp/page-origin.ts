/**
 * Which pages may call /mcp. A browser whose names are rebound (DNS rebinding) carries the calls of any page to this gateway, so the protocol
 * demands a look at Origin. Under TLS the certificate shows that a page of the same host is ours.
 */
import { isLoopback } from '#libs/settings';

/** What a request says of where it comes from and goes to. */
export interface Called {
  /** The Origin header; clients that are no browsers have none. */
  readonly origin: string | undefined;
  readonly host: string | undefined;
  readonly isTls: boolean;
}

/** @param listed the origins of QRNG_CORS_ORIGINS. */
export function mayCall({ origin, host, isTls }: Called, listed: readonly string[]): boolean {
  if (origin === undefined || listed.includes(origin)) return true;
  const url = URL.parse(origin);
  if (url === null) return false;
  return isLoopback(url.hostname.replace(/^\[|\]$/g, '')) || (isTls && origin === `https://${host ?? ''}`);
}
