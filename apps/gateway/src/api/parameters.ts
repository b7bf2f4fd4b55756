/** The query parameters of a route: read strictly, all problems reported at once. */
import type { FastifyRequest } from 'fastify';
import { ApiError } from '../problem/api-error.js';
import type { ParameterError } from '../problem/api-error.js';
import type { Parameter } from './parameter.js';
import { printable } from './printable.js';

/** More problems than this are not reported; a request can name a thousand unknown parameters. */
const MAX_ERRORS = 20;

export class Parameters<T extends object> {
  /** In the order they are documented. */
  readonly list: readonly (readonly [string, Parameter<unknown>])[];

  constructor(private readonly known: { readonly [K in keyof T]: Parameter<T[K]> }) {
    this.list = Object.entries<Parameter<unknown>>(known);
  }

  /**
   * The values in the query string; Fastify has parsed it: text, or a list where a name is given more than once.
   *
   * @throws {ApiError} `invalid-parameter`, with each parameter that is invalid, missing, repeated or unknown.
   */
  read({ query, url }: FastifyRequest): T {
    const given = query as Readonly<Record<string, unknown>>;
    const values: Record<string, unknown> = {};
    const errors: ParameterError[] = [];
    for (const [name, parameter] of this.list) {
      const text = given[name];
      const value = text === undefined ? parameter.fallback : parsed(parameter, text, url);
      if (value === undefined) errors.push({ name, detail: fault(parameter, text) });
      values[name] = value;
    }
    for (const name in given) {
      if (!Object.hasOwn(this.known, name)) {
        errors.push({ name: printable(name), detail: `is not a parameter of this route; ${this.#names()}` });
      }
    }
    if (errors.length > 0) throw invalidParameters(errors);
    return values as T;
  }

  #names(): string {
    const names = this.list.map(([name]) => name).join(', ');
    return names === '' ? 'it has none' : `it has ${names}`;
  }
}

/** The parameters of a route that has none. */
export const NONE = new Parameters<object>({});

/** The refusal of parameters that are invalid, alone or together. */
export function invalidParameters(errors: readonly ParameterError[]): ApiError {
  const reported = errors.slice(0, MAX_ERRORS);
  return new ApiError(
    'invalid-parameter',
    `${reported.map(({ name, detail }) => `${name} ${detail}`).join('; ')}.`,
    { errors: reported },
  );
}

function parsed(parameter: Parameter<unknown>, text: unknown, url: string): unknown {
  if (typeof text !== 'string' || (text.includes('%') && !isDecodable(url))) return undefined;
  return parameter.parse(text);
}

/** Fastify leaves text that cannot be percent-decoded as it is. */
function isDecodable(url: string): boolean {
  try {
    decodeURIComponent(url);
    return true;
  } catch {
    return false; // the one thing that it throws is URIError
  }
}

function fault(parameter: Parameter<unknown>, text: unknown): string {
  if (text === undefined) return `is required: ${parameter.mustBe}`;
  return typeof text === 'string' ? `must be ${parameter.mustBe}` : 'must be given once';
}
