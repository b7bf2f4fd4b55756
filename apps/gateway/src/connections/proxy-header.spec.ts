import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BOUNDS } from '../bounds.js';
import { parseProxyHeader } from './proxy-header.js';

const SIGNATURE = '0d0a0d0a000d0a515549540a';

const header = (command: string, family: string, payload: string, length = payload.length / 2): Buffer =>
  Buffer.from(SIGNATURE + command + family + length.toString(16).padStart(4, '0') + payload, 'hex');

const IPV4 = 'c0000207c6336414d4311e54'; // 192.0.2.7:54321 to 198.51.100.20:7764
const IPV6 = `20010db8000000010000000000000005${'00'.repeat(16)}01bb1e54`;

describe('a header', () => {
  test.each([
    [
      'of a client over IPv4',
      header('21', '11', IPV4),
      { kind: 'client', address: '192.0.2.7', port: 54321 },
    ],
    ['over IPv6', header('21', '21', IPV6), { kind: 'client', address: '2001:db8:0:1::5', port: 443 }],
    [
      'with TLVs',
      header('21', '11', `${IPV4}04000200000200026161`),
      { kind: 'client', address: '192.0.2.7', port: 54321 },
    ],
    ['with an address that is not said', header('21', '00', ''), { kind: 'unknown' }],
    ['with an address of an unknown kind', header('21', '00', 'ffff'), { kind: 'unknown' }],
    ['of the proxy itself', header('20', '00', ''), { kind: 'local' }],
    ['of the proxy itself, with addresses', header('20', '11', IPV4), { kind: 'local' }],
    ['of the proxy itself, with a family of some later version', header('20', '7f', '00'), { kind: 'local' }],
  ])('%s', (_, bytes, source) => {
    expect(parseProxyHeader(Buffer.concat([bytes, Buffer.from('after')]))).toEqual({
      source,
      bytes: bytes.length,
    });
    for (let cut = 0; cut < bytes.length; cut++) {
      expect(parseProxyHeader(bytes.subarray(0, cut))).toBeUndefined();
    }
  });

  test.each([
    ['of another version', header('11', '11', IPV4), /version and command are 0x11/],
    ['of another command', header('22', '11', IPV4), /version and command are 0x22/],
    ['of UDP', header('21', '12', IPV4), /family and protocol are 0x12/],
    ['of a Unix socket', header('21', '31', '00'.repeat(216)), /family and protocol are 0x31/],
    ['of a family that there is not', header('21', 'f1', IPV4), /family and protocol are 0xf1/],
    ['too short for IPv4', header('21', '11', IPV4.slice(2)), /too short for its addresses/],
    ['too short for IPv6', header('21', '21', IPV4), /too short for its addresses/],
    ['with a TLV beyond its end', header('21', '11', `${IPV4}0400030000`), /TLVs end elsewhere/],
    ['with half a TLV', header('21', '11', `${IPV4}0400`), /TLVs end elsewhere/],
    ['that is too long', header('21', '11', '', 65_535), /at most 4096 are taken/],
    ['of the proxy that is too long', header('20', '00', '', BOUNDS.proxyHeaderBytes - 15), /at most/],
  ])('%s is refused', (_, bytes, reason) => {
    expect(() => parseProxyHeader(bytes)).toThrow(reason);
  });
});

test.each([
  ['TLS', Buffer.from('1603010200', 'hex')],
  ['HTTP', Buffer.from('GET / HTTP/1.1\r\n')],
  ['HTTP after an empty line', Buffer.from('\r\nGET / HTTP/1.1\r\n')],
  ['version 1 of the protocol', Buffer.from('PROXY TCP4 192.0.2.7 198.51.100.20 54321 7764\r\n')],
])('%s is no header', (_, bytes) => {
  expect(parseProxyHeader(bytes)).toEqual({ source: { kind: 'none' }, bytes: 0 });
});

test('whatever comes, it is a header, none, refused or not complete, and never reads beyond its end', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.boolean(), (bytes, signed) => {
      const received = Buffer.concat([Buffer.from(signed ? SIGNATURE : '', 'hex'), bytes]);
      try {
        const parsed = parseProxyHeader(received);
        return parsed === undefined || parsed.bytes <= received.length;
      } catch (error) {
        return error instanceof RangeError && !('code' in error);
      }
    }),
  );
});
