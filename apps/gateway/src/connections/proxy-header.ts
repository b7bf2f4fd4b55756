/**
 * The PROXY protocol, version 2: what a proxy that passes TLS through says of the client, before the client's first byte.
 *
 *   0 12 signature | 12 version 2, command | 13 family, protocol | 14 2 length n | 16 n addresses and ports, then TLVs
 *
 * https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt, section 2.2. Version 1, a line of text, is not understood.
 */
import ipaddr from 'ipaddr.js';
import { BOUNDS } from '../bounds.js';

const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const FIXED_BYTES = 16;
const [LOCAL, PROXY] = [0x20, 0x21];
/** Family and protocol: nothing said, TCP over IPv4, TCP over IPv6; and the bytes of both addresses and both ports. */
const UNSPEC = 0x00;
const ADDRESSES = new Map([
  [0x11, { bytes: 4, total: 12 }],
  [0x21, { bytes: 16, total: 36 }],
]);
/** Of a TLV, its type and its length. */
const TLV_BYTES = 3;

/** Where a connection comes from, by its header. */
export type ProxySource =
  /** There is no header: the proxy speaks HTTP or TLS itself. */
  | { readonly kind: 'none' }
  /** The proxy speaks for itself, such as to check the gateway's health. */
  | { readonly kind: 'local' }
  /** A client whose address the proxy does not say. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'client'; readonly address: string; readonly port: number };

export interface ProxyHeader {
  readonly source: ProxySource;
  readonly bytes: number;
}

/**
 * The header that `received` begins with; undefined while more bytes are needed to say.
 *
 * @throws {RangeError} that says what is wrong with it.
 */
export function parseProxyHeader(received: Buffer): ProxyHeader | undefined {
  const begun = Math.min(received.length, SIGNATURE.length);
  if (!received.subarray(0, begun).equals(SIGNATURE.subarray(0, begun))) {
    return { source: { kind: 'none' }, bytes: 0 };
  }
  const [command = PROXY, family = UNSPEC] = received.subarray(SIGNATURE.length);
  if (command !== LOCAL && command !== PROXY) {
    throw new RangeError(`version and command are 0x${command.toString(16)}, not 0x20 or 0x21`);
  }
  if (family !== UNSPEC && !ADDRESSES.has(family) && command === PROXY) {
    throw new RangeError(`family and protocol are 0x${family.toString(16)}, not 0x00, 0x11 or 0x21`);
  }
  if (received.length < FIXED_BYTES) return undefined;
  const bytes = FIXED_BYTES + received.readUInt16BE(FIXED_BYTES - 2);
  if (bytes > BOUNDS.proxyHeaderBytes) {
    throw new RangeError(`${bytes} bytes, and at most ${BOUNDS.proxyHeaderBytes} are taken`);
  }
  if (received.length < bytes) return undefined;
  if (command === LOCAL) return { source: { kind: 'local' }, bytes };
  return { source: sourceOf(family, received.subarray(FIXED_BYTES, bytes)), bytes };
}

function sourceOf(family: number, payload: Buffer): ProxySource {
  const addresses = ADDRESSES.get(family);
  if (addresses === undefined) return { kind: 'unknown' };
  if (payload.length < addresses.total) throw new RangeError('it is too short for its addresses');
  checkTlvs(payload.subarray(addresses.total));
  const address = ipaddr.fromByteArray([...payload.subarray(0, addresses.bytes)]).toString();
  return { kind: 'client', address, port: payload.readUInt16BE(2 * addresses.bytes) };
}

/** What TLVs say is not used; that they end where the header does shows that proxy and gateway agree on its length. */
function checkTlvs(tlvs: Buffer): void {
  let at = 0;
  while (at + TLV_BYTES <= tlvs.length) at += TLV_BYTES + tlvs.readUInt16BE(at + 1);
  if (at !== tlvs.length) throw new RangeError('its TLVs end elsewhere than the header');
}
