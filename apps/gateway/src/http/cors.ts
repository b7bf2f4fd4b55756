/** Lets pages of the origins in QRNG_CORS_ORIGINS use the API (Fetch standard, "CORS protocol"); without any this adds nothing. */
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

const EXPOSED = 'Preference-Applied, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id';

/** A key is sent as a header and never by the browser itself, so no answer allows credentials. */
const PREFLIGHT = {
  'access-control-allow-methods': 'GET, HEAD, POST',
  'access-control-allow-headers':
    'Authorization, Content-Type, Mcp-Method, Mcp-Name, Mcp-Protocol-Version, Prefer, X-API-KEY',
  'access-control-max-age': '600',
  'cache-control': 'no-store',
} as const;

/** Adds the hook that marks answers to these origins, and answers what browsers ask beforehand. Before all other hooks. */
export function addCors(app: NestFastifyApplication, origins: readonly string[]): void {
  if (origins.length === 0) return;
  const allowed = new Set(origins);
  const fastify = app.getHttpAdapter().getInstance();
  fastify.addHook('onRequest', (request, reply, done) => {
    const { origin, 'access-control-request-method': asked } = request.headers;
    if (request.routeOptions.url === '/push') {
      done();
      return;
    }
    void reply.header('vary', 'Origin'); // also without an origin, for caches that mind nothing else
    if (origin === undefined || !allowed.has(origin)) {
      done();
      return;
    }
    void reply.headers({
      'access-control-allow-origin': origin,
      'access-control-expose-headers': EXPOSED,
    });
    if (request.method === 'OPTIONS' && asked !== undefined) void reply.code(204).headers(PREFLIGHT).send();
    else done();
  });
}
