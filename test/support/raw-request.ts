/** Sends the exact bytes of a request over TLS, as no well-behaved client would. */
import { connect } from 'node:tls';
import type { GatewayClient } from './gateway-client.js';

export interface RawAnswer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/**
 * Sends `lines` as a request head; resolves with the answer once the connection ends.
 *
 * @param options.unfinished leaves out the empty line that ends the head.
 */
export function rawRequest(
  gateway: GatewayClient,
  lines: readonly string[],
  options: { readonly unfinished?: boolean } = {},
): Promise<RawAnswer> {
  const { hostname, port } = new URL(gateway.url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false }, () => {
      socket.write([...lines, 'Connection: close', ''].join('\r\n'));
      if (options.unfinished !== true) socket.write('\r\n');
    });
    let text = '';
    socket.setEncoding('latin1').on('data', (part: string) => (text += part));
    socket.on('error', reject);
    socket.on('close', () => {
      const [head = '', ...body] = text.split('\r\n\r\n');
      resolve({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]), head, body: body.join('\r\n\r\n') });
    });
  });
}
