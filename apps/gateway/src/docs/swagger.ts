/** Swagger UI at /docs, OpenAPI 3.1 at /docs-json and /docs-yaml. */
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { SwaggerModule } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { openApiDocument } from './document.js';
import { SWAGGER_PAGE } from './swagger-page.js';

/**
 * What the page may do: its own scripts and styles, requests to this gateway, nothing else. Swagger UI writes styles into
 * its elements. No upgrade-insecure-requests: it would break the page behind a proxy that speaks plain HTTP.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Publishes the API's description. */
export function addSwagger(app: NestFastifyApplication): void {
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onRoute', (route) => {
      if (route.url.startsWith('/docs')) route.onSend = addPageHeaders;
    });
  SwaggerModule.setup('docs', app, () => openApiDocument(app), SWAGGER_PAGE);
}

/** At the end of each answer, because the module for files allows caching. */
function addPageHeaders(
  _request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
  done: (error: null, payload: unknown) => void,
): void {
  void reply.headers({
    'cache-control': 'no-store',
    'content-security-policy': CONTENT_SECURITY_POLICY,
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-frame-options': 'DENY',
  });
  done(null, payload);
}
