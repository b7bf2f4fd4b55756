/** Headers of the PROXY protocol, version 2, as a proxy that passes TLS through sends them. */
import ipaddr from 'ipaddr.js';

const SIGNATURE = '0d0a0d0a000d0a515549540a';

/** The header of a client at `address`, from its port 54321. */
export function proxyHeader(address: string): Buffer {
  const from = ipaddr.parse(address);
  const bytes = Buffer.from(from.toByteArray());
  const addresses = [bytes, Buffer.alloc(bytes.length), Buffer.from('d4311e54', 'hex')];
  return rawProxyHeader('21', bytes.length === 4 ? '11' : '21', Buffer.concat(addresses));
}

/** A header with these bytes of version and command, and of family and protocol, in hex. */
export function rawProxyHeader(command: string, family: string, payload = Buffer.alloc(0)): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(payload.length);
  return Buffer.concat([Buffer.from(SIGNATURE + command + family, 'hex'), length, payload]);
}
