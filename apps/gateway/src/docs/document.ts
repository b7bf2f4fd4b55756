/** The OpenAPI 3.1 document: what the controllers say of themselves, and what is the same for all of them. */
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { OpenAPIObject } from '@nestjs/swagger';
import { GatewaySettings } from '../settings.js';
import {
  headerComponents,
  headerReferences,
  PROBLEM_SCHEMA,
  problemReference,
  problemResponses,
} from './problems.js';
import type { ProblemStatus } from './problems.js';

const DESCRIPTION = `Randomness from quantum sources, each byte served once.

Every request under \`/api\` carries a key: \`Authorization: Bearer KEY\`. Errors are \`application/problem+json\`. HEAD is
answered on every path that knows GET, and takes no entropy.`;

interface Operation {
  tags?: string[];
  security?: Record<string, string[]>[];
  parameters?: { name: string; schema: { maximum?: number; default?: number } }[];
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
    .addTag('entropy', 'Random bytes, and what is drawn from them')
    .addTag('status', 'How the gateway and the key are')
    .addTag('health', 'For load balancers and monitoring')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'An API key, made with `npm run keys`.' })
    .build();
  const document = SwaggerModule.createDocument(app, base);
  for (const operation of operations(document)) complete(operation);
  limitBytes(document, app.get(GatewaySettings).QRNG_MAX_REQUEST_BYTES);
  const components = {
    ...document.components,
    schemas: { ...document.components?.schemas, Problem: PROBLEM_SCHEMA },
    responses: problemResponses(),
    headers: headerComponents(),
  };
  return { ...document, components } as OpenAPIObject;
}

/** Adds the problems and the fields that every operation of its kind has. */
function complete(operation: Operation): void {
  operation.security ??= [];
  for (const status of problemsOf(operation)) operation.responses[status] ??= problemReference(status);
  // Only /api has limits; /metrics, which may demand a key too, is asked at fixed intervals.
  const limits =
    operation.tags?.includes('health') === true ? [] : (['rateLimit', 'rateLimitPolicy'] as const);
  const headers = headerReferences(['requestId', 'cacheControl', ...limits]);
  operation.responses['200'] = { ...operation.responses['200'], headers };
}

function problemsOf({ tags = [], security = [] }: Operation): ProblemStatus[] {
  if (security.length === 0) return ['4XX', 500];
  const scoped = security.some((requirement) =>
    Object.values(requirement).some((scopes) => scopes.length > 0),
  );
  return [
    ...(tags.includes('health') ? [] : ([400] as const)),
    401,
    ...(scoped ? ([403] as const) : []),
    429,
    ...(tags.includes('entropy') ? ([412, 416, 503] as const) : []),
    '4XX',
    500,
  ];
}

function limitBytes(document: OpenAPIObject, max: number): void {
  const operation = document.paths['/api/random']?.get as Operation | undefined;
  const schema = operation?.parameters?.find(({ name }) => name === 'bytes')?.schema;
  if (schema === undefined) return;
  schema.maximum = max;
  schema.default = Math.min(32, max);
}

function operations(document: OpenAPIObject): Operation[] {
  return Object.values(document.paths).flatMap(({ get }) => (get === undefined ? [] : [get as Operation]));
}
