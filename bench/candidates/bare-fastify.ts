/** Fastify and nothing else: a constant, or bytes from a ring, encoded. What the framework costs. */
import { randomBytes } from 'node:crypto';
import { fastify } from 'fastify';
import type { FastifyServerOptions } from 'fastify';
import { constant, fill, port, takeEncoded, tls } from './options.js';

interface Query {
  bytes: string;
  encoding: string;
}

const options: FastifyServerOptions = { logger: false };
const app = fastify(tls === undefined ? options : ({ ...options, https: tls } as FastifyServerOptions));
app.get('/fill', (_request, reply) => {
  fill();
  void reply.code(204).send();
});
if (constant === undefined) {
  app.get<{ Querystring: Query }>('/api/random', ({ query }, reply) => {
    void reply.send(takeEncoded(Number(query.bytes), query.encoding));
  });
} else {
  const bytes = randomBytes(Number(constant[0]));
  const body = constant[1] === 'binary' ? bytes : bytes.toString('hex');
  app.get('/api/random', (_request, reply) => {
    void reply.send(body);
  });
}
await app.listen({ port, host: '127.0.0.1' });
