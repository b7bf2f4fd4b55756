/** The proxies of `QRNG_TRUST_PROXY`: addresses and CIDR ranges. */
import { BlockList, isIP, isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Whether `text` is `off`, an IP address, or a CIDR range such as 10.0.0.0/8; not everybody (/0). */
export function isAddressRange(text: string): boolean {
  if (text === 'off' || isIP(text) !== 0) return true;
  const [address = '', prefix = ''] = text.split('/');
  if (prefix.startsWith('0')) return false;
  return isIPv6(address)
    ? ipaddr.IPv6.isValidCIDR(text)
    : ipaddr.IPv4.isValidCIDRFourPartDecimal(text) && isIP(address) === 4;
}

/** @param ranges as isAddressRange() takes them. */
export function trustedProxies(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    if (range === 'off') continue;
    const [address = '', prefix] = range.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return list;
}
