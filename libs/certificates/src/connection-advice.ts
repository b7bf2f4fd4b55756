/** What an operator looks at when a connection fails with a code of Node, OpenSSL or the system. */

/** The settings that say where the other side is, and whom to believe that it is it. */
export interface PeerSettings {
  readonly url: string;
  readonly ca: string;
}

const ADVICE: readonly (readonly [codes: readonly string[], advice: (peer: PeerSettings) => string])[] = [
  [['ECONNREFUSED'], ({ url }) => `nothing listens at the address and port of ${url}, or a firewall refuses`],
  [
    ['ENOTFOUND', 'EAI_AGAIN'],
    ({ url }) => `the name in ${url} cannot be looked up from here: give an address`,
  ],
  [
    ['ETIMEDOUT', 'timeout', 'EHOSTUNREACH', 'ENETUNREACH'],
    ({ url }) => `nothing answers at the address in ${url}: routes, and the firewalls of both machines`,
  ],
  [
    [
      ...[
        'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
        'UNABLE_TO_GET_ISSUER_CERT',
        'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
      ],
      ...['SELF_SIGNED_CERT_IN_CHAIN', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'CERT_SIGNATURE_FAILURE'],
    ],
    ({ ca }) => `the authority of the certificate shown is not in ${ca}, or another machine answers`,
  ],
  [
    ['ERR_TLS_CERT_ALTNAME_INVALID'],
    ({ url }) => `the certificate shown does not have the host of ${url} among its names`,
  ],
  [['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID'], () => 'the certificate shown, or the clock of this machine'],
  [
    ['EPROTO', 'ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG'],
    ({ url }) => `no TLS at the port in ${url}: is it that of a plain HTTP server or of another service?`,
  ],
  [
    ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'ERR_SSL_UNSUPPORTED_PROTOCOL'],
    ({ url }) =>
      `what answers at ${url} speaks another version of TLS: a gateway speaks 1.3, an appliance at least 1.2`,
  ],
];

/** One line without any text of the other side; undefined for a code that says enough. */
export function connectionAdvice(code: string, peer: PeerSettings): string | undefined {
  return ADVICE.find(([codes]) => codes.includes(code))?.[1](peer);
}
