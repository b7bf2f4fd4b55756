/** Answers CONNECT like any other request. Node takes it for the beginning of a tunnel, and would end the connection. */
import { ServerResponse } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import { LINGER_MS } from './early-errors.js';
import type { HttpSocket } from './early-errors.js';

/** Has CONNECT pass the same hooks as all requests; the answer is the last one on its connection. */
export function answerConnect(server: Server): void {
  server.on('connect', (request: IncomingMessage, stream: Duplex) => {
    const socket = stream as Socket; // of an HTTP server, it is one
    socket.on('error', () => socket.destroy());
    if (((socket as HttpSocket)._httpMessage ?? null) !== null) {
      socket.destroy(); // an answer before it is still under way, and Node takes no part in what comes after
      return;
    }
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.once('finish', () => {
      socket.end();
      setTimeout(() => socket.destroy(), LINGER_MS).unref();
    });
    socket.resume(); // what would have gone through the tunnel is not wanted
    server.emit('request', request, response);
  });
}
