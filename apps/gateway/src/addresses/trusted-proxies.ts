/** The proxies of `QRNG_TRUST_PROXY`, to look addresses up in. */
import { BlockList, isIPv6 } from 'node:net';

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
