/** The wider network that an address belongs to: what one attacker may have all of. */

/**
 * The /24 of an IPv4 address, the /48 of an IPv6 network: what a site commonly gets (RFC 6177), and the smallest that is routed.
 *
 * @param network as addressNetwork() names it; `unknown` is its own site.
 */
export function siteOf(network: string): string {
  const ipv6 = /^([^:]+:[^:]+:[^:]+):[^:]+::\/64$/.exec(network)?.[1];
  if (ipv6 !== undefined) return `${ipv6}::/48`;
  const ipv4 = /^(\d+\.\d+\.\d+)\.\d+$/.exec(network)?.[1];
  return ipv4 === undefined ? network : `${ipv4}.0/24`;
}
