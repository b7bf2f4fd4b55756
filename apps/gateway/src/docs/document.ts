/** The OpenAPI 3.1 document: what the controllers say of themselves, and what is the same for all of them. */
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { OpenAPIObject } from '@nestjs/swagger';
import { queryOptions } from '../api/request/openapi.js';
import { RandomController } from '../api/draw/random.controller.js';
import { codeSamples } from './code-samples.js';
import { ProblemDto } from './problem.dto.js';
import { describeReceipts } from './receipt-parameters.js';
import { headerComponents, headerReferences, problemReference, problemResponses } from './problems.js';
import type { ProblemStatus } from './problems.js';

const DESCRIPTION = `Randomness from quantum sources. Every byte is served once. The [guide](/docs/api.md) has examples.

Send your API key with every request under \`/api\` and \`/v1\`: \`Authorization: Bearer KEY\` or \`X-API-KEY: KEY\`. Errors are \`application/problem+json\`.
HEAD is answered wherever GET is, and takes no entropy.`;

const METHODS = ['get', 'post'] as const;

const PREFER = {
  name: 'Prefer',
  in: 'header',
  required: false,
  description:
    '`wait=N` waits up to N seconds, 30 at most, for entropy instead of answering 503 at once (RFC 7240).',
  schema: { type: 'string' },
  example: 'wait=10',
};

interface Operation {
  'x-codeSamples'?: object[];
  parameters?: object[];
  tags?: string[];
  security?: Record<string, string[]>[];
  responses: Record<string, object | undefined>;
}

/** The document of this gateway, with the bounds that its settings give. */
export function openApiDocument(app: NestFastifyApplication): OpenAPIObject {
  const base = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('QRNG-DD')
    .setDescription(DESCRIPTION)
    .setVersion('1.0.0')
    .setLicense('MIT', 'https://opensource.org/license/mit')
    .addServer('/')
    .setExternalDoc('Guide with examples', '/docs/api.md')
    .addTag('entropy', 'Random bytes, and numbers, strings and UUIDs drawn from them')
    .addTag(
      'QRNG Open API',
      'The API of the QRNG industry, version 1. All blocks of an answer together have at most the bytes that the ' +
        'extension `qrng-dd.max_bytes` of the capabilities says; the extension `qrng-dd.verdict` of the health tests has ' +
        'each result in words.',
    )
    .addTag('receipts', 'Proofs of draws that anybody can verify offline, where receipts are on')
    .addTag('status', 'State of the gateway, and usage of your API key')
    .addTag('health', 'For load balancers and monitoring')
    .addSecurity('bearer', {
      type: 'http',
      scheme: 'bearer',
      description: 'An API key, created with `npm run keys -- create NAME`.',
    })
    .addSecurity('apiKey', {
      type: 'apiKey',
      in: 'header',
      name: 'X-API-KEY',
      description: 'The same API key, in the header that the QRNG Open API knows. Send one of the two.',
    })
    .build();
  const document = SwaggerModule.createDocument(app, base, { extraModels: [ProblemDto] });
  describeRandom(document, app.get(RandomController, { strict: false }));
  for (const [path, method, operation] of operations(document)) {
    complete(path, method, operation);
    if (operation.security?.length !== 0) operation['x-codeSamples'] = codeSamples(method, path);
  }
  describeReceipts(document);
  const components = {
    ...document.components,
    responses: problemResponses(JSON.stringify(document.paths)),
    headers: headerComponents(),
  };
  return { ...document, components } as OpenAPIObject;
}

/** Adds the problems and the fields that every operation of its kind has. */
function complete(path: string, method: string, operation: Operation): void {
  const { tags = [] } = operation;
  operation.security = (operation.security ?? []).flatMap((requirement) => {
    const { bearer: scopes } = requirement;
    return scopes === undefined ? [requirement] : [requirement, { apiKey: scopes }];
  });
  for (const status of problemsOf(path, method, operation)) {
    operation.responses[status] ??= problemReference(status);
  }
  // Not /metrics: it may demand a key too, but is asked at fixed intervals.
  const isUnlimited = tags.includes('health') || path.startsWith('/log/');
  const limits = isUnlimited ? [] : (['rateLimit', 'rateLimitPolicy'] as const);
  const waits = takesEntropy(path, tags);
  if (waits) operation.parameters = [...(operation.parameters ?? []), PREFER];
  const headers = headerReferences([
    ...(['requestId', 'cacheControl', ...limits] as const),
    ...(waits ? (['preferenceApplied'] as const) : []),
  ]);
  operation.responses['200'] = { ...operation.responses['200'], headers };
}

function takesEntropy(path: string, tags: readonly string[]): boolean {
  return tags.includes('entropy') || path === '/v1/entropy';
}

function problemsOf(path: string, method: string, { tags = [], security = [] }: Operation): ProblemStatus[] {
  const always: ProblemStatus[] = [400, 408, 431, 500];
  if (/^\/log\/(cut|tile)/.test(path)) return [...always, 404];
  if (security.length === 0) return always;
  const isScoped = security.some((requirement) =>
    Object.values(requirement).some((scopes) => scopes.length > 0),
  );
  return [
    ...always,
    401,
    429,
    ...(isScoped ? ([403] as const) : []),
    ...(takesEntropy(path, tags) ? ([412, 416, 503] as const) : []),
    ...(method === 'post' ? ([413, 415] as const) : []),
    ...(path === '/api/stream' ? ([505] as const) : []),
    ...(path.startsWith('/api/receipts/') ? ([404, 503] as const) : []),
    ...(path.startsWith('/v1/') ? ([422] as const) : []),
  ];
}

/** Its parameters depend on the settings, which no decorator knows. */
function describeRandom(document: OpenAPIObject, { parameters }: RandomController): void {
  const operation = document.paths['/api/random']?.get;
  if (operation === undefined) return;
  operation.parameters = queryOptions(parameters).map((options) => ({ ...options, in: 'query' }));
}

function operations(document: OpenAPIObject): [string, string, Operation][] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.flatMap((method): [string, string, Operation][] => {
      const operation = item[method];
      return operation === undefined ? [] : [[path, method, operation]];
    }),
  );
}
