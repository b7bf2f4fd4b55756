/** The query parameters of a route: read strictly, all problems reported at once. */
import type { FastifyRequest } from 'fastify';
import { ApiError } from '../../problem/api-error.js';
import type { ParameterError } from '../../problem/api-error.js';
import type { Parameter } from './parameter.js';

/** More problems than this are not reported; a request can name a thousand unknown parameters. */
const MAX_ERRORS = 20;

/** What a query string or a JSON object gives, by name. */
type Members = Readonly<Record<string, unknown>>;

/** In which form values are given. */
interface Form {
  /** The value of a parameter, or undefined if it is invalid. */
  readonly parse: (parameter: Parameter<unknown>, given: unknown) => unknown;
  /** What is wrong with the form alone, whatever the parameter. */
  readonly damage?: (given: unknown) => string | undefined;
}

export class Parameters<T extends object> {
  /** In the order they are documented. */
  readonly list: readonly (readonly [string, Parameter<unknown>])[];

  constructor(private readonly known: { readonly [K in keyof T]: Parameter<T[K]> }) {
    this.list = Object.entries<Parameter<unknown>>(known);
  }

  /**
   * The values in the query string; Fastify has parsed it: text, or a list where a name is given more than once.
   *
   * @param others parameters that the route has beside these, and has taken out of the query.
   * @throws {ApiError} `invalid-parameter`, with each parameter that is invalid, missing, repeated or unknown.
   */
  read({ query, url }: FastifyRequest, others: readonly string[] = []): T {
    const form = url.includes('%') && !isDecodable(url) ? DAMAGED_TEXT : TEXT;
    return this.#values(query as Members, form, others);
  }

  /**
   * The values among the members of a JSON object, under the same rules; a number must be a number, and text text.
   *
   * @throws {ApiError} as `read` does.
   */
  readMembers(members: Members): T {
    return this.#values(members, MEMBER, []);
  }

  #values(given: Members, { parse, damage }: Form, others: readonly string[]): T {
    const values: Record<string, unknown> = {};
    const errors: ParameterError[] = [];
    for (const [name, parameter] of this.list) {
      const value = given[name] === undefined ? parameter.fallback : parse(parameter, given[name]);
      if (value === undefined) {
        errors.push({ name, detail: damage?.(given[name]) ?? fault(parameter, given[name]) });
      }
      values[name] = value;
    }
    for (const name in given) {
      if (!Object.hasOwn(this.known, name)) {
        errors.push({ name: printable(name), detail: `is not a parameter here; ${this.#names(others)}` });
      }
    }
    if (errors.length > 0) throw invalidParameters(errors);
    return values as T;
  }

  #names(others: readonly string[]): string {
    const names = [...this.list.map(([name]) => name), ...others].join(', ');
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

const TEXT: Form = {
  parse: (parameter, text) => (typeof text === 'string' ? parameter.parse(text) : undefined),
};

/** Of a URL in which something cannot be percent-decoded, which Fastify leaves as it is. */
const DAMAGED_TEXT: Form = {
  parse: (parameter, text) => (isDamaged(text) ? undefined : TEXT.parse(parameter, text)),
  damage: (text) => (isDamaged(text) ? 'must be percent-encoded UTF-8' : undefined),
};

const MEMBER: Form = {
  parse: ({ schema, parse }, member) => {
    const type = schema['type'] === 'integer' ? 'number' : schema['type'];
    return typeof member === type ? parse(String(member)) : undefined;
  },
};

function isDamaged(text: unknown): boolean {
  return typeof text === 'string' && text.includes('%');
}

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
