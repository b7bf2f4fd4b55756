/** Node's and Fastify's options: TLS 1.3 only, and every limit that a slow or fat client could stretch. */
import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyAdapter, NestFastifyApplication } from '@nestjs/platform-fastify';
import { answerClientError, answerRouterError } from './early-errors.js';
import { readTlsContext } from '../tls/tls-options.js';
import type { GatewaySettings } from '../settings.js';

type AdapterOptions = ConstructorParameters<typeof FastifyAdapter>[0];

/** The largest body of any route but /push, in bytes; no route reads one. */
const API_BODY_LIMIT = 1024;

/** A connection on which nothing moves is closed after so long, also one whose client does not read its answer. */
const IDLE_MS = 60_000;

/** Connections at a time; more are closed as they come. */
const MAX_CONNECTIONS = 5000;

/** A handshake that takes longer is given up. */
const HANDSHAKE_MS = 5000;

/**
 * A gateway that stops listening gives what is in flight so long, as Node bounds nothing from then on. It is longer than a
 * handshake and a stream (Streams) may take, and with what came before (HealthModule) all ends within 10 s of SIGTERM.
 */
const FINISH_MS = 6000;

/** The options for Fastify and the HTTP server under it. */
export function serverOptions(settings: Readonly<GatewaySettings>): AdapterOptions {
  const limits = {
    requestTimeout: 10_000,
    keepAliveTimeout: 15_000,
    maxRequestsPerSocket: 1000,
    bodyLimit: API_BODY_LIMIT,
  };
  const server = {
    // requestTimeout alone does not cut a dripped body: Node keeps headersTimeout 60 s above it.
    headersTimeout: 5000,
    requestTimeout: 10_000,
    connectionsCheckingInterval: 1000,
    maxHeaderSize: 8192,
    requireHostHeader: false, // framing.ts demands it, with an answer of ours
    // Of two Authorization fields Node would take the first; joined they are none that holds.
    joinDuplicateHeaders: true,
  };
  const common = {
    ...limits,
    genReqId: () => randomUUID(),
    trustProxy: trustProxy(settings),
    return503OnClosing: false, // what still comes in is answered as ever; Fastify's own 503 has a body, also for /push
    logger: false as const,
    skipMiddie: true, // there is no middleware, and the empty chain costs a tenth of a small request
    schemaController: { compilersFactory: { buildValidator: refuseSchema, buildSerializer: refuseSchema } },
    clientErrorHandler: answerClientError,
    frameworkErrors: answerRouterError,
  };
  if (settings.QRNG_TLS === 'off') return { ...common, http: server };
  return {
    ...common,
    https: {
      ...server,
      ...readTlsContext(settings, Date.now()).options,
      handshakeTimeout: HANDSHAKE_MS,
      // A client certificate is asked of everybody, since routes are not known yet; PushGate demands it on /push alone.
      requestCert: settings.QRNG_TLS_CLIENT_CA_FILE !== undefined,
      rejectUnauthorized: false,
    },
  };
}

/** No route has a JSON schema; Fastify would load a hundred modules of compilers for them, which make code out of text. */
function refuseSchema(): never {
  throw new Error(
    'a Fastify route has a JSON schema, and no compiler for it: check in a Nest controller instead',
  );
}

/** Answers a request with an expectation that Node does not know like any other (RFC 9110, 10.1.1), not with Node's own 417. */
export function ignoreExpectations(server: Server): void {
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
}

/** Bounds that are no options: those that Node takes from the server itself, and the end of what is left at a shutdown. */
export function boundConnections(app: NestFastifyApplication): void {
  const fastify = app.getHttpAdapter().getInstance();
  const { server } = fastify;
  server.maxConnections = MAX_CONNECTIONS;
  server.timeout = IDLE_MS;
  for (const event of ['connection', 'secureConnection']) server.prependListener(event, demandAddress);
  fastify.addHook('preClose', (done) => {
    setTimeout(() => server.closeAllConnections(), FINISH_MS).unref();
    done();
  });
}

/**
 * Every request is to have a source. A socket tells it for as long as there is a peer, and later if it was asked before
 * (audit.spec.ts would notice if Node changed that). Where the peer is gone already there is nobody to answer: prepended, as
 * what it has sent would be read once Node's own listener had the socket.
 */
function demandAddress(socket: Socket): void {
  if (socket.remoteAddress === undefined) socket.destroy();
}

function trustProxy(settings: Readonly<GatewaySettings>): string[] | false {
  return settings.QRNG_TRUST_PROXY.includes('off') ? false : settings.QRNG_TRUST_PROXY;
}
