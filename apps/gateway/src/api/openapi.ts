/** What a route tells OpenAPI, from the same tables that it reads its parameters with. */
import { applyDecorators } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiQuery } from '@nestjs/swagger';
import type { Parameters } from './parameters.js';

/** The content of an answer: schema and example by media type. */
type Content = Readonly<Record<string, { readonly schema: object; readonly example?: unknown }>>;

interface Description {
  readonly id: string;
  readonly summary: string;
  readonly description: string;
  readonly parameters: Parameters<object>;
  readonly content: Content;
}

/** Describes an operation and its answer; its problems are the same on all routes and stand in http/swagger.ts. */
export function Describe({ id, summary, description, parameters, content }: Description): MethodDecorator {
  return applyDecorators(
    ApiOperation({ operationId: id, summary, description }),
    ...parameters.list.map(([name, parameter]) =>
      ApiQuery({
        name,
        description: parameter.description,
        required: parameter.fallback === undefined,
        schema: { ...parameter.schema },
      }),
    ),
    ApiOkResponse({ description: 'Done.', content }),
  );
}

/** A JSON array of 1 to `max` items. */
export function listOf(items: object, { max, example }: { max: number; example: unknown[] }): Content {
  return { 'application/json': { schema: { type: 'array', items, minItems: 1, maxItems: max }, example } };
}

/** A JSON object. */
export function objectOf(schema: object, example: object): Content {
  return { 'application/json': { schema, example } };
}
