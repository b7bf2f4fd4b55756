/** The form of `QRNG_LISTEN_ADDRESS`. */
import { isIP, isIPv6 } from 'node:net';

/** Where to listen; an IPv6 address is in brackets. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** The host and port of "HOST:PORT" or "[IPV6]:PORT", if it is that. Port 0 lets the system choose. */
export function parseListenAddress(value: unknown): ListenAddress | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]]+)):(\d{1,5})$/.exec(String(value));
  const host = match?.[1] ?? match?.[2];
  if (match?.[1] !== undefined && !isIPv6(match[1])) return undefined;
  if (match?.[2] !== undefined && isMistypedAddress(match[2])) return undefined;
  const port = Number(match?.[3]);
  return host === undefined || !(port <= 65_535) ? undefined : { host, port };
}

/** A host that ends in a number is an IPv4 address (WHATWG URL, "ends in a number"), or none; it is not looked up as a name. */
function isMistypedAddress(host: string): boolean {
  return /(^|\.)(\d+|0x[\da-f]*)\.?$/i.test(host) && isIP(host) === 0;
}
