/** The kinds of query parameters: what each accepts, and how OpenAPI describes it, in one place. */

type Schema = Readonly<Record<string, unknown>>;

export interface Parameter<T> {
  /** The value of `text`, or undefined if it is invalid. */
  readonly parse: (text: string) => T | undefined;
  /** Completes the sentence "NAME must be ...". */
  readonly mustBe: string;
  /** The value of an absent parameter; without a fallback the parameter is required. */
  readonly fallback?: T;
  readonly schema: Schema;
  readonly description: string;
}

/** A whole number in plain decimal digits, both bounds inclusive. */
export function wholeNumber(
  description: string,
  range: { readonly min: number; readonly max: number; readonly fallback?: number },
): Parameter<number> {
  const { min, max, fallback } = range;
  return {
    parse: (text) => {
      if (!/^(0|-?[1-9][0-9]{0,15})$/.test(text)) return undefined;
      const value = Number(text);
      return value >= min && value <= max ? value : undefined;
    },
    mustBe: `a whole number from ${min} to ${max}`,
    ...optional(fallback),
    schema: { type: 'integer', format: 'int64', minimum: min, maximum: max, ...defaulting(fallback) },
    description,
  };
}

/** A number in decimal or scientific notation; `above` is excluded, the other bounds are not. */
export function realNumber(
  description: string,
  range: { readonly min?: number; readonly above?: number; readonly max: number; readonly fallback: number },
): Parameter<number> {
  const { min = -Infinity, above = -Infinity, max, fallback } = range;
  return {
    parse: (text) => {
      if (!/^-?(0|[1-9][0-9]{0,16})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?$/.test(text)) return undefined;
      const value = Number(text);
      return value >= min && value > above && value <= max ? value : undefined;
    },
    mustBe:
      above === -Infinity ? `a number from ${min} to ${max}` : `a number above ${above}, at most ${max}`,
    fallback,
    schema: {
      type: 'number',
      format: 'double',
      ...(above === -Infinity ? { minimum: min } : { exclusiveMinimum: above }),
      maximum: max,
      default: fallback,
    },
    description,
  };
}

export function oneOf<const T extends string | number | boolean>(
  description: string,
  choices: readonly T[],
  fallback: T,
): Parameter<T> {
  const byText = new Map(choices.map((choice) => [String(choice), choice]));
  return {
    parse: (text) => byText.get(text),
    mustBe: `one of ${choices.join(', ')}`,
    fallback,
    schema: { ...schemaType(fallback), enum: [...choices], default: fallback },
    description,
  };
}

export function characters(
  description: string,
  rule: {
    readonly holds: (text: string) => boolean;
    readonly mustBe: string;
    readonly fallback: string;
    readonly schema: Schema;
  },
): Parameter<string> {
  const { holds, mustBe, fallback, schema } = rule;
  return {
    parse: (text) => (holds(text) ? text : undefined),
    mustBe,
    fallback,
    schema: { type: 'string', ...schema, default: fallback },
    description,
  };
}

function optional<T>(fallback: T | undefined): { fallback?: T } {
  return fallback === undefined ? {} : { fallback };
}

function defaulting(fallback: unknown): Schema {
  return fallback === undefined ? {} : { default: fallback };
}

function schemaType(value: string | number | boolean): Schema {
  return typeof value === 'number' ? { type: 'integer', format: 'int64' } : { type: typeof value };
}
