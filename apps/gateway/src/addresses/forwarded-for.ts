/** X-Forwarded-For as a trusted proxy passes it on: what its client made up in it reaches no log. */

/** An address, with or without a port, or a name that hides one (RFC 7239, 6.3). */
const HOP = /^[\w.:[\]-]{1,64}$/;

/** The hops of the field; one that cannot be an address is `unknown`. */
export function plainHops(field: string): string {
  return field
    .split(',')
    .map((hop) => hop.trim())
    .map((hop) => (HOP.test(hop) ? hop : 'unknown'))
    .join(', ');
}
