/** Node's and Fastify's options: TLS 1.3 only, and every limit that a slow or fat client could stretch. */
import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import type { FastifyAdapter, NestFastifyApplication } from '@nestjs/platform-fastify';
import { Streams } from '../api/stream/streams.js';
import { BOUNDS } from '../bounds.js';
import { Connections } from '../connections/connections.js';
import { earlyErrors } from './early-errors.js';
import type { OnEarlyAnswer } from './early-errors.js';
import { clientCaFile, readTlsContext } from '../tls/tls-options.js';
import type { GatewaySettings } from '../settings.js';

type AdapterOptions = ConstructorParameters<typeof FastifyAdapter>[0];

/**
 * A gateway that stops listening gives what is in flight so long, as Node bounds nothing from then on. It is longer than a
 * handshake and a stream (Streams) may take, and with what came before (HealthModule) all ends within 10 s of SIGTERM.
 */
const FINISH_MS = 6000;

export function serverOptions(
  settings: Readonly<GatewaySettings>,
  onEarlyAnswer: OnEarlyAnswer,
): AdapterOptions {
  const limits = {
    requestTimeout: BOUNDS.requestMs,
    keepAliveTimeout: BOUNDS.keepAliveMs,
    maxRequestsPerSocket: 0, // counted by Connection: Node would answer the one too many with a bare 503
    bodyLimit: BOUNDS.bodyBytes,
  };
  const server = {
    // requestTimeout alone does not cut a dripped body: Node keeps headersTimeout 60 s above it.
    headersTimeout: BOUNDS.headersMs,
    requestTimeout: BOUNDS.requestMs,
    connectionsCheckingInterval: 1000,
    maxHeaderSize: BOUNDS.headerBytes,
    requireHostHeader: false, // framing.ts demands it, with an answer of ours
    // Of two Authorization fields Node would take the first; joined they are none that holds.
    joinDuplicateHeaders: true,
  };
  const common = {
    ...limits,
    genReqId: () => randomUUID(),
    rewriteUrl: rooted,
    trustProxy: trustProxy(settings),
    return503OnClosing: false, // what still comes in is answered as ever; Fastify's own 503 has a body, also for /push
    logger: false as const,
    skipMiddie: true, // there is no middleware, and the empty chain costs a tenth of a small request
    schemaController: { compilersFactory: { buildValidator: refuseSchema, buildSerializer: refuseSchema } },
    ...earlyErrors(onEarlyAnswer),
  };
  if (settings.QRNG_TLS === 'off') return { ...common, http: server };
  return {
    ...common,
    https: {
      ...server,
      ...readTlsContext(settings, Date.now()),
      handshakeTimeout: BOUNDS.handshakeMs,
      // A client certificate is asked of everybody, since routes are not known yet; PushGate demands it on /push alone.
      requestCert: clientCaFile(settings) !== undefined,
      rejectUnauthorized: false,
    },
  };
}

/** A target such as `*` is no path: the router would take it for one of its own patterns, and hooks would not run. */
function rooted({ url = '' }: { readonly url?: string | undefined }): string {
  return url.startsWith('*') ? `/${url}` : url;
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

/** Has the gateway look after the connections itself, and ends what is left of them at a shutdown. */
export function boundConnections(app: NestFastifyApplication): void {
  const fastify = app.getHttpAdapter().getInstance();
  const connections = app.get(Connections);
  connections.attach(fastify.server);
  const streams = app.get(Streams, { strict: false });
  fastify.addHook('preClose', (done) => {
    streams.stop();
    setTimeout(() => connections.closeAll(), FINISH_MS).unref();
    // Right after new connections were accepted: those that the kernel still holds when a socket closes are reset.
    setImmediate(done);
  });
}

function trustProxy(settings: Readonly<GatewaySettings>): string[] | false {
  return settings.QRNG_TRUST_PROXY.includes('off') ? false : settings.QRNG_TRUST_PROXY;
}
