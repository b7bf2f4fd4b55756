/** Describes a route in OpenAPI, from the same tables that it reads its parameters with. */
import { applyDecorators } from '@nestjs/common';
import type { Type } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiQuery } from '@nestjs/swagger';
import type { ApiQueryOptions } from '@nestjs/swagger';
import type { Parameters } from './parameters.js';

type Content = Readonly<Record<string, { readonly schema: object; readonly example?: unknown }>>;

interface Description<T extends object> {
  readonly id: string;
  readonly summary: string;
  readonly description: string;
  /** None for a route without parameters, and where they depend on the settings: docs/document.ts adds those. */
  readonly parameters?: Parameters<object>;
  readonly answer: string;
  /** Its DTO class with an example, or its content. */
  readonly of: { readonly type: Type<T>; readonly example: T } | { readonly content: Content };
}

/** Describes an operation and its answer; errors are the same on all routes and are described in docs/problems.ts. */
export function Describe<T extends object>(operation: Description<T>): MethodDecorator {
  const { id, summary, description, parameters, answer, of } = operation;
  return applyDecorators(
    ApiOperation({ operationId: id, summary, description }),
    ...(parameters === undefined ? [] : queryOptions(parameters).map((options) => ApiQuery(options))),
    ApiOkResponse({ description: answer, ...of }),
  );
}

export function queryOptions(parameters: Parameters<object>): (ApiQueryOptions & { name: string })[] {
  return parameters.list.map(([name, { description, fallback, schema }]) => ({
    name,
    description,
    required: fallback === undefined,
    schema: { ...schema },
  }));
}

/** A JSON array of 1 to `max` items. */
export function listOf(
  items: object,
  { max, example }: { max: number; example: unknown[] },
): { content: Content } {
  const schema = { type: 'array', items, minItems: 1, maxItems: max };
  return { content: { 'application/json': { schema, example } } };
}
