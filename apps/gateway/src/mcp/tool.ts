/** A tool of /mcp: what it is to a model, and what it does for the client of a request. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Parameters } from '../api/request/parameters.js';
import type { Scope } from '../clients/client.js';

/** The request of a call and its answer: whose quota it is, and whether anybody still waits. */
export interface Exchange {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/** What a model sends, not checked yet. */
export type Arguments = Readonly<Record<string, unknown>>;

export type ObjectSchema = Readonly<Record<string, unknown>> & { readonly type: 'object' };

export interface Tool {
  readonly name: string;
  readonly title: string;
  /** For the model: what it does, and what not to use it for. */
  readonly description: string;
  readonly inputSchema: ObjectSchema;
  readonly outputSchema: ObjectSchema;
  /** A key needs any one of them; none: any key will do. */
  readonly scopes: readonly Scope[];
  /** Takes entropy, which is used up. */
  readonly draws: boolean;
  /** @throws {ApiError} as the route does that answers the same. */
  readonly call: (given: Arguments, exchange: Exchange) => object | Promise<object>;
}

/** The schema of an object with these parameters, and no others. */
export function inputSchema(parameters: Parameters<object>): ObjectSchema {
  return schemaOf(
    Object.fromEntries(
      parameters.list.map(([name, { schema, description }]) => [name, { ...schema, description }]),
    ),
    parameters.list.flatMap(([name, { fallback }]) => (fallback === undefined ? [name] : [])),
  );
}

/** The schema of an object with these members, all of which it has. */
export function outputSchema(properties: Readonly<Record<string, object>>): ObjectSchema {
  return { type: 'object', properties, required: Object.keys(properties) };
}

/** The schema of an object with these members and no others. */
export function schemaOf(
  properties: Readonly<Record<string, object>>,
  required: readonly string[],
): ObjectSchema {
  return { type: 'object', properties, required, additionalProperties: false };
}
