/** The network that an address is counted under: an IPv4 address itself, an IPv6 address by its /64. */
import { isIP } from 'node:net';

/**
 * One text for all addresses that one host can easily take: RFC 6177 gives every site at least a /64, so within one an
 * IPv6 address costs nothing. An IPv4 address mapped into IPv6 (`::ffff:192.0.2.1`) is the IPv4 address.
 *
 * @param address as the socket or a trusted proxy gives it; any other text is counted as one network, `unknown`.
 */
export function addressNetwork(address: string): string {
  if (isIP(address) === 4) return address;
  if (isIP(address) !== 6) return 'unknown';
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  return `${upperGroups(address.replace(/%.*$/, '')).join(':')}::/64`;
}

/** The upper four of the eight groups of an IPv6 address, without leading zeros. */
function upperGroups(address: string): string[] {
  const [head = '', tail] = address.split('::');
  const first = groups(head);
  if (tail === undefined) return first.slice(0, 4);
  const last = groups(tail);
  const zeros = Array.from({ length: 8 - first.length - last.length }, () => '0');
  return [...first, ...zeros, ...last].slice(0, 4);
}

/** A dotted tail (`::192.0.2.1`) stands for two groups, which are never among the upper four. */
function groups(text: string): string[] {
  if (text === '') return [];
  return text
    .split(':')
    .flatMap((group) => (group.includes('.') ? ['0', '0'] : parseInt(group, 16).toString(16)));
}
