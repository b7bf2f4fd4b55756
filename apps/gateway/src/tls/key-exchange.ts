/** Which group a TLS 1.3 handshake agreed its keys in: Node tells it to clients alone, so a server reads it from the session. */
import type { TLSSocket } from 'node:tls';
import { derElements, derInteger } from '#libs/certificates';

/** `kex_group` in OpenSSL's SSL_SESSION_ASN1 (ssl/ssl_asn1.c): an IANA number in [19] EXPLICIT INTEGER. */
const KEY_EXCHANGE_GROUP = 0xb3;
const GROUPS: Readonly<Record<number, string>> = {
  0x11ec: 'X25519MLKEM768',
  0x1d: 'X25519',
  0x17: 'P-256',
  0x18: 'P-384',
};

/** The name of the group; `other` where it cannot be told. */
export function keyExchangeGroup(socket: TLSSocket): string {
  const session = socket.getSession();
  if (session === undefined) return 'other';
  try {
    const [sequence] = derElements(session);
    const field = derElements(sequence?.content ?? session).find(({ tag }) => tag === KEY_EXCHANGE_GROUP);
    return (field && GROUPS[derInteger(field.content)]) ?? 'other';
  } catch {
    return 'other'; // another OpenSSL, which writes it in another way
  }
}
