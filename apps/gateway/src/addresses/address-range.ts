/** Addresses and CIDR ranges of proxies, as `QRNG_TRUST_PROXY` lists them. */
import { isIP, isIPv6 } from 'node:net';
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
