/** The answer to HEAD on routes that hand out entropy: the fields of GET, and not a byte taken. */
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Whether the request is HEAD; Fastify gives it to the handler of GET. */
export function isHead(request: FastifyRequest): boolean {
  return request.method === 'HEAD';
}

/** @param length bytes of the body that GET would answer with, where they are known. */
export function answerHead(reply: FastifyReply, contentType: string, length?: number): void {
  if (length !== undefined) void reply.header('content-length', length);
  // Of any other payload Fastify would tell the length: 0.
  void reply.type(contentType).send(Readable.from([]));
}
