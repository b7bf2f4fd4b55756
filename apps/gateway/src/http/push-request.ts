/** Decides what is a push: its answer is a bare status, since nothing else may travel back through the diode. */
import type { IncomingMessage } from 'node:http';
import type { FastifyRequest } from 'fastify';
import { pathOf } from './route-table.js';

const PATH = '/push';

/** Whether the router took the request for a push. POST is the only method that the route has. */
export function isPush({ route }: FastifyRequest): boolean {
  return route === PATH;
}

/**
 * The same of a request that no hook has seen, as the router would see it.
 *
 * @param request where Node accepted its head.
 * @param packet what Node was reading otherwise: of the request it did not accept, the first line is in it.
 */
export function isPushHead(request: IncomingMessage | undefined, packet: unknown): boolean {
  const line = Buffer.isBuffer(packet) ? packet.toString('latin1', 0, 128) : '';
  const [method, target = ''] = request === undefined ? line.split(' ', 2) : [request.method, request.url];
  return method === 'POST' && pathOf(target) === PATH;
}
