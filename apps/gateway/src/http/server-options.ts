/** Node's and Fastify's options: TLS 1.3 only, and every limit that a slow or fat client could stretch. */
import { readFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import { answerClientError, answerRouterError } from '../problem/early-errors.js';
import type { GatewaySettings } from '../settings.js';

type AdapterOptions = ConstructorParameters<typeof FastifyAdapter>[0];

/** The largest body of any route but /push, in bytes; no route reads one. */
const API_BODY_LIMIT = 1024;

/** The options for Fastify and the HTTP server under it (facts: Node's defaults leave a dripped body open). */
export function serverOptions(settings: Readonly<GatewaySettings>): AdapterOptions {
  const limits = {
    requestTimeout: 10_000,
    keepAliveTimeout: 15_000,
    maxRequestsPerSocket: 0,
    bodyLimit: API_BODY_LIMIT,
  };
  const server = {
    headersTimeout: 5000,
    requestTimeout: 10_000,
    connectionsCheckingInterval: 1000,
    maxHeaderSize: 8192,
    // Of two Authorization fields Node would take the first; joined they are none that holds.
    joinDuplicateHeaders: true,
  };
  const common = {
    ...limits,
    genReqId: () => randomUUID(),
    trustProxy: trustProxy(settings),
    logger: false as const,
    clientErrorHandler: answerClientError,
    frameworkErrors: answerRouterError,
  };
  if (settings.QRNG_TLS === 'off') return { ...common, http: server };
  return {
    ...common,
    https: {
      ...server,
      handshakeTimeout: 5000,
      minVersion: 'TLSv1.3',
      cert: readFileSync(settings.QRNG_TLS_CERT_FILE ?? ''),
      key: readFileSync(settings.QRNG_TLS_KEY_FILE ?? ''),
    },
  };
}

function trustProxy(settings: Readonly<GatewaySettings>): string[] | false {
  return settings.QRNG_TRUST_PROXY.includes('off') ? false : settings.QRNG_TRUST_PROXY;
}
