/**
 * The status page at /, the receipt page at /receipts, Swagger UI at /docs, OpenAPI 3.1 at /docs-json and /docs-yaml. Each document is made once, when it is first asked for, and
 * kept in memory, plain and compressed: anybody may ask, as often as they like.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { OpenAPIObject } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type * as Yaml from 'yaml';
import { openApiDocument } from './document.js';
import { readGuide } from './guide.js';
import { PAGE, PAGE_HEADERS, START_SCRIPT } from './page.js';
import { RECEIPT_PAGE, RECEIPT_PAGE_HEADERS } from './receipt-page/page.js';
import { STATUS_PAGE, STATUS_PAGE_HEADERS } from './status-page/page.js';

/** What the page loads, and nothing else of Swagger UI. */
const FILES = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
} as const;

const require = createRequire(import.meta.url);

/** Loaded when somebody asks for it: 72 modules that nothing else needs. */
const yaml = (): typeof Yaml => require('yaml') as typeof Yaml;

/** What a socket takes of a large document at a time; the rest is copied, and encrypted, only once the client has read that. */
const SLICE_BYTES = 16_384;

/** Smaller ones fit into a packet or two as they are. */
const COMPRESSED_FROM_BYTES = 2048;

interface Document {
  readonly type: string;
  readonly make: () => string | Buffer;
  /** Instead of those of Swagger UI's page. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Publishes the API's description, and returns it; it is made when it is first asked for. */
export function addSwagger(app: NestFastifyApplication): () => OpenAPIObject {
  const openApi = once(() => openApiDocument(app));
  const page = { type: 'text/html; charset=utf-8', make: () => PAGE };
  const documents: Record<string, Document> = {
    '/': { ...page, make: () => STATUS_PAGE, headers: STATUS_PAGE_HEADERS },
    '/receipts': { ...page, make: () => RECEIPT_PAGE, headers: RECEIPT_PAGE_HEADERS },
    '/docs': page,
    '/docs/': page,
    '/docs/start.js': { type: 'text/javascript; charset=utf-8', make: () => START_SCRIPT },
    '/docs-json': { type: 'application/json; charset=utf-8', make: () => JSON.stringify(openApi()) },
    '/docs-yaml': {
      type: 'text/yaml; charset=utf-8',
      make: () => yaml().stringify(openApi(), { aliasDuplicateObjects: false }),
    },
    // Plain text, which every browser shows; not every one shows text/markdown.
    '/docs/api.md': { type: 'text/plain; charset=utf-8', make: readGuide },
  };
  for (const [name, type] of Object.entries(FILES)) {
    const path = require.resolve(`swagger-ui-dist/${name}`);
    documents[`/docs/${name}`] = { type, make: () => readFileSync(path) };
  }
  const fastify = app.getHttpAdapter().getInstance();
  for (const [url, { type, make, headers = PAGE_HEADERS }] of Object.entries(documents)) {
    const body = once(() => Buffer.from(make()));
    const compressed = once(() => promisify(gzip)(body(), { level: 9 }));
    fastify.get(url, async (request, reply) => {
      void reply.type(type).headers(headers);
      if (body().length < COMPRESSED_FROM_BYTES) return answer(request, reply, body());
      const { vary } = reply.getHeaders(); // of CORS
      void reply.header('vary', vary === undefined ? 'Accept-Encoding' : `${String(vary)}, Accept-Encoding`);
      if (!acceptsGzip(request.headers['accept-encoding'])) return answer(request, reply, body());
      return answer(request, reply.header('content-encoding', 'gzip'), await compressed());
    });
  }
  return openApi;
}

/** RFC 9110, 12.5.3; who says nothing of it may not know it. */
function acceptsGzip(codings = ''): boolean {
  return codings.split(',').some((coding) => /^\s*(x-)?gzip\s*(;\s*q=(1|0\.0*[1-9]).*)?$/i.test(coding));
}

function answer(request: FastifyRequest, reply: FastifyReply, body: Buffer): FastifyReply {
  void reply.header('content-length', body.length);
  const whole = request.method === 'HEAD' || body.length <= SLICE_BYTES;
  return reply.send(whole ? body : Readable.from(slices(body), { highWaterMark: 1 }));
}

function* slices(body: Buffer): Generator<Buffer> {
  for (let at = 0; at < body.length; at += SLICE_BYTES) yield body.subarray(at, at + SLICE_BYTES);
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
