/** What Node has no public call for on a socket: its name as others read it, and how much of it left the process. */
import { isIPv6 } from 'node:net';
import type { Socket } from 'node:net';

/** The client of a connection that a proxy passes on. */
export interface ClientAddress {
  readonly address: string;
  readonly port: number;
}

/** On the socket itself, as Node, Fastify and what logs all read it there. */
export function nameSource(socket: Socket, { address, port }: ClientAddress): void {
  const family = isIPv6(address) ? 'IPv6' : 'IPv4';
  Object.defineProperties(socket, {
    remoteAddress: { value: address },
    remotePort: { value: port },
    remoteFamily: { value: family },
  });
}

/** Bytes that the kernel has taken of what was written. */
export function sentOf(socket: Socket): number {
  // The queue below the stream is no public property; without it, a slow reader of one large answer would seem not to read.
  const { writeQueueSize = 0 } = (socket as { _handle?: { writeQueueSize?: number } | null })._handle ?? {};
  return socket.bytesWritten - writeQueueSize;
}
