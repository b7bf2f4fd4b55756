/**
 * Bounds what one connection may ask for before it reads an answer. Node reads all requests that lie in one TLS record, a
 * thousand of them, before it looks at what waits to be sent; each that is under way holds memory, some a file.
 */
import type { Socket } from 'node:net';
import type { FastifyRequest } from 'fastify';

/** Requests of a connection under way at a time; one with more is closed. HTTP clients send one. */
const MOST_AT_A_TIME = 64;

const underWay = new WeakMap<Socket, number>();

/** Notes a request; false, and the end of its connection, when it is one too many. */
export function begin({ raw: { socket } }: FastifyRequest): boolean {
  const count = (underWay.get(socket) ?? 0) + 1;
  underWay.set(socket, count);
  if (count <= MOST_AT_A_TIME) return true;
  socket.destroy();
  return false;
}

/** Notes that a request was answered, or will not be. */
export function end({ raw: { socket } }: FastifyRequest): void {
  underWay.set(socket, (underWay.get(socket) ?? 1) - 1);
}
