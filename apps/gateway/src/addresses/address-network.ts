/** The network that an address is counted under (an IPv4 address itself, an IPv6 address by its /64), and the site around it. */
import { isIPv4, isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';

/**
 * One text for all addresses that one host can easily take: RFC 6177 gives every site at least a /64, so within one an
 * IPv6 address costs nothing. An IPv4 host that reaches the gateway through IPv6 is counted under its IPv4 address,
 * however it was embedded: all users of a translator would otherwise share one /64, and lock each other out.
 *
 * @param text an address as the socket or a trusted proxy gives it, with a port or without (some proxies write one into
 *   X-Forwarded-For); any other text is counted as one network, `unknown`.
 */
export function addressNetwork(text: string): string {
  if (isIPv4(text)) return text;
  const address = withoutPort(text);
  if (isIPv4(address)) return address;
  if (!isIPv6(address)) return 'unknown';
  const ipv6 = ipaddr.IPv6.parse(address);
  const upper = ipv6.parts.slice(0, 4).map((part) => part.toString(16));
  return embeddedIpv4(ipv6) ?? `${upper.join(':')}::/64`;
}

/** `192.0.2.1:443` and `[2001:db8::1]:443` without the port and the brackets. */
function withoutPort(text: string): string {
  const [, ipv6, ipv4] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d{1,5})?$/.exec(text) ?? [];
  return ipv6 ?? ipv4 ?? text;
}

/** Where an IPv6 address of these ranges carries the IPv4 address of its host. */
const EMBEDDED: Readonly<Record<string, ((octets: number[]) => number[]) | undefined>> = {
  ipv4Mapped: (octets) => octets.slice(12), // ::ffff:192.0.2.1
  rfc6145: (octets) => octets.slice(12), // ::ffff:0:192.0.2.1, a stateless translator (RFC 7915)
  rfc6052: (octets) => octets.slice(12), // 64:ff9b::192.0.2.1, NAT64
  '6to4': (octets) => octets.slice(2, 6), // 2002:c000:201::1 (RFC 3056)
  teredo: (octets) => octets.slice(12).map((octet) => octet ^ 0xff), // RFC 4380, section 4
};

function embeddedIpv4(address: ipaddr.IPv6): string | undefined {
  return EMBEDDED[address.range()]?.(address.toByteArray()).join('.');
}

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
