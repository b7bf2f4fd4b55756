/** The query parameters of a route: read strictly, all problems reported at once. */
import type { FastifyRequest } from 'fastify';
import { ApiError } from '../../problem/api-error.js';
import type { ParameterError } from '../../problem/api-error.js';
import type { Parameter } from './parameter.js';

/** More problems than this are not reported; a request can name a thousand unknown parameters. */
const MAX_ERRORS = 20;

/** What a query string or a JSON object gives, by name. */
type Members = Readonly<Record<string, unknown>>;

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
    return this.#values(query as Members, (parameter, text) => parsed(parameter, text, url));
  }

  /**
   * The values among the members of a JSON object, under the same rules; a number must be a number, and text text.
   *
   * @throws {ApiError} as `read` does.
   */
  readMembers(members: Members): T {
    return this.#values(members, parsedMember);
  }

  #values(given: Members, parse: (parameter: Parameter<unknown>, value: unknown) => unknown): T {
    const values: Record<string, unknown> = {};
    const errors: ParameterError[] = [];
    for (const [name, parameter] of this.list) {
      const value = given[name] === undefined ? parameter.fallback : parse(parameter, given[name]);
      if (value === undefined) errors.push({ name, detail: fault(parameter, given[name]) });
      values[name] = value;
    }
    for (const name in given) {
      if (!Object.hasOwn(this.known, name)) {
        errors.push({ name: printable(name), detail: `is not a parameter here; ${this.#names()}` });
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

/** The value of a member of a JSON object that has the type of the schema. */
function parsedMember({ schema, parse }: Parameter<unknown>, member: unknown): unknown {
  const type = schema['type'] === 'integer' ? 'number' : schema['type'];
  return typeof member === type ? parse(String(member)) : undefined;
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

function fault(parameter: Parameter<unknown>, value: unknown): string {
  if (value === undefined) return `is required: ${parameter.mustBe}`;
  return Array.isArray(value) ? 'must be given once' : `must be ${parameter.mustBe}`;
}

/** Of a name that a client made up at most 64 characters, without control, format (bidirectional) and unassigned ones. */
function printable(text: string): string {
  return text.slice(0, 64).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '?');
}
