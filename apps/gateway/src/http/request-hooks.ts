/** What happens around every request, as Fastify hooks: Nest interceptors cost ten times as much. */
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { PinoLogger } from 'nestjs-pino';
import { GatewayMetrics } from '../metrics/gateway-metrics.js';
import { GatewaySettings } from '../settings.js';
import { PushGate } from '../push/push-gate.js';
import { refuseRepeatedFields } from './single-fields.js';
import { UnknownRoute } from './unknown-route.js';

/** The methods that are a label of the histogram; any other one is `other`, as clients can send what they like. */
const METHODS = ['GET', 'HEAD', 'POST'];

/** Adds the headers of every answer, the refusal of unknown routes, the access log and the duration histogram. */
export async function addRequestHooks(app: NestFastifyApplication): Promise<void> {
  const logger = await app.resolve(PinoLogger);
  const unknownRoute = app.get(UnknownRoute);
  const ingest = app.get(GatewaySettings).QRNG_INGEST === 'on';
  const pushGate = ingest ? app.get(PushGate, { strict: false }) : undefined;
  const { requestDuration } = app.get(GatewayMetrics);
  const fastify = app.getHttpAdapter().getInstance();
  fastify.decorateRequest('client', undefined);

  fastify.addHook('onRequest', (request, reply, done) => {
    // The answer to a push is a bare status: nothing else travels back through the diode.
    if (request.routeOptions.url !== '/push') {
      void reply
        .header('cache-control', 'no-store')
        .header('x-content-type-options', 'nosniff')
        .header('x-request-id', request.id);
    }
    refuseRepeatedFields(request);
    if (request.is404) {
      unknownRoute.refuse(request, reply).catch(done);
      return;
    }
    if (request.routeOptions.url === '/push') pushGate?.check(request, reply);
    done();
  });

  fastify.addHook('onResponse', (request: FastifyRequest, reply: FastifyReply, done) => {
    const route = request.routeOptions.url ?? 'unmatched';
    const method = METHODS.includes(request.method) ? request.method : 'other';
    const { statusCode: status, elapsedTime } = reply;
    requestDuration.observe({ route, method, status }, elapsedTime / 1000);
    logger.info(
      {
        event: 'request',
        requestId: request.id,
        route,
        method,
        status,
        ms: elapsedTime,
        client: request.client?.name,
      },
      'request',
    );
    done();
  });
}
