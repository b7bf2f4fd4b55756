/**
 * Refuses requests whose beginning, end or host a proxy before the gateway may see differently: fields that came twice, of which
 * Node takes the first one and a proxy perhaps the last; other transfer codings than chunked; what is no host.
 */
import { isIPv6 } from 'node:net';
import type { FastifyRequest } from 'fastify';
import { ApiError } from '../problem/api-error.js';

const [HOST, CONTENT_LENGTH, TRANSFER_ENCODING] = [1, 2, 4] as const;

/** RFC 9110, 7.2, and RFC 3986, 3.2.2: a name or an address, an IPv6 address in brackets, and a port. */
const HOST_AND_PORT = /^(?:\[([^\]]*)\]|(?:[\w.~!$&'()*+,;=-]|%[0-9a-f]{2})*)(?::\d{0,5})?$/i;

/**
 * A second Authorization is not looked for here: server-options.ts has it joined to the first, which gives an invalid key,
 * and so it counts as a failed authentication.
 *
 * @throws {ApiError} `bad-request` on another version than HTTP/1.0 and HTTP/1.1, on a second Host, Content-Length or
 *   Transfer-Encoding, on HTTP/1.1 without Host, on a Host that is none, and on a transfer coding that is not chunked or comes
 *   over HTTP/1.0.
 */
export function checkFraming({ raw: { rawHeaders, headers, httpVersion } }: FastifyRequest): void {
  // Node takes a line without a version, and one that says HTTP/2.0.
  if (httpVersion !== '1.1' && httpVersion !== '1.0') {
    throw new ApiError('bad-request', 'Send HTTP/1.1; a request line without a version is HTTP/0.9.');
  }
  let seen = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const bit = bitOf(rawHeaders[at] ?? '');
    if ((seen & bit) !== 0) {
      throw new ApiError('bad-request', 'Send Host, Content-Length and Transfer-Encoding once each at most.');
    }
    seen |= bit;
  }
  if ((seen & HOST) !== 0) checkHost(headers.host ?? '');
  else if (httpVersion === '1.1') {
    throw new ApiError('bad-request', 'Send a Host field: HTTP/1.1 requires it.');
  }
  if ((seen & TRANSFER_ENCODING) !== 0) checkCoding(headers['transfer-encoding'] ?? '', httpVersion);
}

function checkHost(host: string): void {
  const match = HOST_AND_PORT.exec(host);
  const address = match?.[1];
  if (match !== null && (address === undefined || isIPv6(address))) return;
  throw new ApiError('bad-request', 'The Host field must be a host name or an address, and perhaps a port.');
}

function checkCoding(coding: string, httpVersion: string): void {
  if (/^chunked$/i.test(coding) && httpVersion === '1.1') return;
  throw new ApiError('bad-request', 'The only transfer coding is chunked, over HTTP/1.1.');
}

/** By length first: most fields are none of these. */
function bitOf(name: string): number {
  if (name.length === 4) return name.toLowerCase() === 'host' ? HOST : 0;
  if (name.length === 14) return name.toLowerCase() === 'content-length' ? CONTENT_LENGTH : 0;
  return name.length === 17 && name.toLowerCase() === 'transfer-encoding' ? TRANSFER_ENCODING : 0;
}
