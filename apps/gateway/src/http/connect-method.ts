/** Answers CONNECT like any other request. Node takes it for the beginning of a tunnel, and would end the connection. */
import { ServerResponse } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Socket } from 'node:net';

/** A client has so long to read the answer. */
const LINGER_MS = 1000;

/** Has CONNECT pass the same hooks as all requests; the answer is the last one on its connection. */
export function answerConnect(server: Server): void {
  server.on('connect', (request: IncomingMessage, stream: Duplex) => {
    const socket = stream as Socket; // of an HTTP server, it is one
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.once('finish', () => {
      socket.end();
      setTimeout(() => socket.destroy(), LINGER_MS).unref();
    });
    socket.on('error', () => socket.destroy());
    socket.resume(); // what would have gone through the tunnel is not wanted
    server.emit('request', request, response);
  });
}
