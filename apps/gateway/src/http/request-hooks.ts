/** What happens around every request, as Fastify hooks: Nest interceptors cost ten times as much. */
import type { Socket } from 'node:net';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GatewayMetrics } from '../metrics/gateway-metrics.js';
import { GatewaySettings } from '../settings.js';
import { BOUNDS } from '../bounds.js';
import { Clock } from '../clock.js';
import { Connections } from '../connections/connections.js';
import { PushGate } from '../push/push-gate.js';
import { accessLog } from './access-log.js';
import { isWhole, writeAnswer } from './answer.js';
import { checkFraming } from './framing.js';
import { Lockstep } from './lockstep.js';
import { isPush } from './push-request.js';
import { UnknownRoute } from './unknown-route.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The path of the route as it is declared, or `unmatched`. Fastify's own routeOptions are made again at each look. */
    route: string;
  }
}

/** The methods that are a label of the histogram; any other one is `other`, as clients can send what they like. */
const METHODS = ['GET', 'HEAD', 'POST'];

/** Fields of every answer but those to a push, names and values in turn: set with `reply.header` they cost some 2 us a request. */
const ALWAYS = ['cache-control', 'no-store', 'x-content-type-options', 'nosniff'];
const IF_SECURE = ['strict-transport-security', 'max-age=31536000'];

/** Adds lockstep, the headers and the writing of every answer, the refusal of unknown routes, the access log and the duration histogram. */
export function addRequestHooks(app: NestFastifyApplication): void {
  const unknownRoute = app.get(UnknownRoute);
  const settings = app.get(GatewaySettings);
  const common = settings.QRNG_TLS === 'on' ? [...ALWAYS, ...IF_SECURE] : ALWAYS;
  const ingest = settings.QRNG_INGEST === 'on';
  const pushGate = ingest ? app.get(PushGate, { strict: false }) : undefined;
  const connections = app.get(Connections);
  const { requestDuration, logLinesLeftOut } = app.get(GatewayMetrics);
  const clock = app.get(Clock);
  const log = accessLog(
    settings,
    () => clock.monotonic(),
    () => logLinesLeftOut.inc(),
  );
  const fastify = app.getHttpAdapter().getInstance();
  const lockstep = new Lockstep(() => clock.monotonic());
  const joinPushes = pushesInLockstep(clock);
  fastify.server.on('connection', () => lockstep.noteNewcomer());
  fastify.decorateRequest('client', undefined);
  fastify.decorateRequest('standing', undefined);
  fastify.decorateRequest('route', 'unmatched');

  fastify.addHook('onRoute', ({ method, url }) => unknownRoute.routes.add(method, url));

  fastify.addHook('onRequest', (request, _reply, done) => {
    request.route = request.routeOptions.url ?? 'unmatched';
    if (!isPush(request)) lockstep.join(done);
    else done();
  });

  fastify.addHook('onRequest', (request, reply, done) => {
    const push = isPush(request);
    checkMessage(request, reply);
    if (request.is404) unknownRoute.refuse(request, reply);
    if (push) pushGate?.check(request, reply);
    else unknownRoute.checkBody(request, reply);
    done();
  });

  // Nest finds some paths unknown later than the router, such as /api/receipts/ without a number.
  fastify.addHook('preHandler', (request, reply, done) => {
    if (request.is404) unknownRoute.refuse(request, reply);
    if (isPush(request)) joinPushes(request.raw.socket, done);
    else done();
  });

  fastify.addHook('onSend', (request, reply, payload, done) => {
    const connection = connections.of(request.raw.socket);
    const hasRate = request.client !== undefined || request.packet !== undefined;
    const streamed = hasRate ? BOUNDS.streamBytes : lengthOf(reply);
    const send = (): void => {
      if (connections.isStopping || connection?.isUsedUp === true) void reply.header('connection', 'close');
      // A stream that fails before its first byte comes here again as a problem, with the fields that were set below.
      const hasThem = isPush(request) || reply.hasHeader('x-request-id');
      const fields = hasThem ? [] : [...common, 'x-request-id', request.id];
      if (isWhole(reply, payload)) {
        writeAnswer(reply, payload, fields);
        return;
      }
      for (let at = 0; at < fields.length; at += 2) void reply.header(fields[at] ?? '', fields[at + 1]);
      done();
    };
    if (connection === undefined) send();
    else connection.answering(request.method === 'HEAD' ? 0 : sizeOf(payload, streamed), hasRate, send);
  });

  fastify.addHook('onResponse', (request, reply, done) => {
    const connection = connections.of(request.raw.socket);
    // A client that has shown a key, or a packet with a valid MAC, is no stranger any more.
    if (request.client !== undefined || request.packet !== undefined) connection?.prove(request.client?.name);
    else if (reply.statusCode === 401) connection?.doubt();
    const { route } = request;
    const method = METHODS.includes(request.method) ? request.method : 'other';
    requestDuration.observe({ route, method, status: reply.statusCode }, reply.elapsedTime / 1000);
    log.write(request, reply, method);
    done();
  });

  fastify.addHook('onClose', (_instance, done) => {
    log.close();
    done();
  });
}

/**
 * A push joins once its body is there, and a crowd that draws does not keep it waiting. One that follows another one on its connection is
 * most likely from the only collector, and waiting would cost it a turn.
 */
function pushesInLockstep(clock: Clock): (socket: Socket, done: () => void) => void {
  const lockstep = new Lockstep(() => clock.monotonic());
  let last: Socket | undefined;
  return (socket, done) => {
    if (socket === last) done();
    else lockstep.join(done);
    last = socket;
  };
}

/** @throws {ApiError} on a message that somebody else may see the end of elsewhere: nothing more is read on its connection (RFC 9112, 6.3). */
function checkMessage(request: FastifyRequest, reply: FastifyReply): void {
  try {
    checkFraming(request);
  } catch (error) {
    void reply.header('connection', 'close');
    throw error;
  }
}

/** What an answer can hold of memory while it is not read. */
function sizeOf(payload: unknown, streamed: number): number {
  if (typeof payload === 'string' || Buffer.isBuffer(payload)) return payload.length;
  return payload === null || payload === undefined ? 0 : streamed;
}

/** All of a large document: what the socket takes of it at a time is little, and the kernel takes all, megabytes for each stranger. */
function lengthOf(reply: FastifyReply): number {
  return Math.max(BOUNDS.streamBytes, Number(reply.getHeader('content-length') ?? 0));
}
