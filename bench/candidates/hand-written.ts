/**
 * What an experienced hand would write with Fastify and its usual plugins, without Nest: authentication, a rate limit and a
 * burst limit, usage by client, validation, a duration histogram, an access log, request ids, bytes from a ring. With
 * --lockstep requests of one turn go on together, as in the gateway, to show what that alone is worth.
 */
import { randomUUID } from 'node:crypto';
import bearerAuth from '@fastify/bearer-auth';
import rateLimit from '@fastify/rate-limit';
import { fastify, LogController } from 'fastify';
import type { FastifyServerOptions } from 'fastify';
import { Counter, Histogram } from 'prom-client';
import { Lockstep } from '../../apps/gateway/src/http/lockstep.js';
import { apiKeys, fill, inLockstep, port, ring, takeEncoded, tls } from './options.js';

interface Query {
  bytes: number;
  encoding: string;
}

const duration = new Histogram({
  name: 'http_request_duration_seconds',
  help: 'Duration of HTTP requests',
  labelNames: ['route', 'method', 'status'],
});
const served = new Counter({ name: 'served_bytes_total', help: 'Bytes served', labelNames: ['client'] });

const options: FastifyServerOptions = {
  logger: true, // pino, to stdout
  logController: new LogController({ disableRequestLogging: true }), // one line a request, below, instead of two
  genReqId: () => randomUUID(),
};
const app = fastify(tls === undefined ? options : ({ ...options, https: tls } as FastifyServerOptions));
if (inLockstep) {
  const lockstep = new Lockstep(() => performance.now());
  app.server.on('connection', () => lockstep.noteNewcomer());
  app.addHook('onRequest', (_request, _reply, done) => lockstep.join(done));
}
await app.register(rateLimit, {
  max: 1_000_000_000,
  timeWindow: '1 minute',
  keyGenerator: (request) => request.headers.authorization ?? request.ip,
});
const checkBurst = app.createRateLimit({ max: 1_000_000_000, timeWindow: '1 second' });
const usages = new Map<string, { requests: number; bytes: number }>();
app.addHook('onRequest', (request, reply, done) => {
  void reply
    .header('cache-control', 'no-store')
    .header('x-content-type-options', 'nosniff')
    .header('x-request-id', request.id);
  done();
});
app.addHook('onResponse', ({ id, method, log, routeOptions: { url } }, reply, done) => {
  const { statusCode: status, elapsedTime } = reply;
  duration.observe({ route: url ?? 'unmatched', method, status }, elapsedTime / 1000);
  log.info({ event: 'request', requestId: id, route: url, method, status, ms: elapsedTime }, 'request');
  done();
});
app.get('/fill', (_request, reply) => {
  fill();
  void reply.code(204).send();
});
await app.register(async (api) => {
  await api.register(bearerAuth, { keys: new Set(apiKeys) });
  api.addHook('onRequest', async (request, reply) => {
    const burst = await checkBurst(request);
    if (!burst.isAllowed && burst.isExceeded) await reply.code(429).send({ status: 429 });
  });
  api.get<{ Querystring: Query }>(
    '/api/random',
    {
      schema: {
        querystring: {
          type: 'object',
          properties: {
            bytes: { type: 'integer', minimum: 1, maximum: 65_536, default: 32 },
            encoding: { enum: ['hex', 'base64', 'base64url', 'binary'], default: 'hex' },
          },
        },
      },
    },
    ({ query, headers: { authorization = '' } }, reply) => {
      const { bytes, encoding } = query;
      const usage = usages.get(authorization) ?? { requests: 0, bytes: 0 };
      usages.set(authorization, { requests: usage.requests + 1, bytes: usage.bytes + bytes });
      if (ring.length < bytes) {
        void reply.code(503).send({ status: 503 });
        return;
      }
      served.inc({ client: 'bench' }, bytes);
      void reply
        .type(encoding === 'binary' ? 'application/octet-stream' : 'text/plain; charset=utf-8')
        .send(takeEncoded(bytes, encoding));
    },
  );
});
await app.listen({ port, host: '127.0.0.1' });
