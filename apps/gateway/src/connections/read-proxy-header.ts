/** Reads the header of the PROXY protocol from a connection of a trusted proxy, and leaves what comes after it to be read. */
import type { Socket } from 'node:net';
import { BOUNDS } from '../bounds.js';
import { parseProxyHeader } from './proxy-header.js';
import type { ProxySource } from './proxy-header.js';

/** Its connection is closed in each case but the first. */
export type ProxyOutcome =
  | { readonly source: ProxySource; /** Bytes after the header that are here. */ readonly ahead: number }
  | { readonly refused: string };

/** Calls `done` once, unless the connection ends before anything was sent. */
export function readProxyHeader(socket: Socket, done: (outcome: ProxyOutcome) => void): void {
  let received = Buffer.alloc(0);
  const refuse = (refused: string): void => {
    stop();
    socket.destroy();
    done({ refused });
  };
  const look = (): void => {
    for (let more; (more = socket.read() as Buffer | null) !== null;) {
      received = Buffer.concat([received, more]);
    }
    if (received.length === 0) return;
    try {
      const header = parseProxyHeader(received);
      if (header === undefined) return;
      stop();
      hold(socket);
      const ahead = received.subarray(header.bytes);
      if (ahead.length > 0) socket.unshift(ahead);
      done({ source: header.source, ahead: ahead.length });
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      refuse(error.message);
    }
  };
  const end = (): void => {
    if (received.length > 0) refuse('it is cut off');
    else socket.destroy();
  };
  const late = setTimeout(() => {
    if (received.length > 0) refuse('it did not arrive in time');
    else socket.destroy();
  }, BOUNDS.handshakeMs).unref();
  const stop = (): void => {
    clearTimeout(late);
    socket.off('readable', look).off('end', end).off('close', stop);
  };
  socket.on('readable', look).once('end', end).once('close', stop);
}

/** Stops reading, so that what the client sends stays in the kernel until it is its turn. */
function hold(socket: Socket): void {
  // No public function stops a socket that was not made to be read into one buffer; without it 64 KiB more could be held.
  const { _handle: handle } = socket as { _handle?: { reading: boolean; readStop?: () => unknown } | null };
  if (handle?.readStop === undefined) return;
  handle.readStop();
  handle.reading = false;
}
