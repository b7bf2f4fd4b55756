/** Reads the values of options. */
import type { Values } from './command.js';
import { UsageError } from './usage-error.js';

/** @throws {UsageError} unless it is a whole number in decimal digits; its bounds are checked where it is used. */
export function wholeNumber(name: string, text: string): number {
  if (!/^-?[0-9]{1,16}$/.test(text)) throw new UsageError(`${name} must be a whole number, not "${text}"`);
  return Number(text);
}

/** @throws {UsageError} unless it is a number in decimal or scientific notation. */
export function realNumber(name: string, text: string): number {
  if (!/^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?$/.test(text)) {
    throw new UsageError(`${name} must be a number, not "${text}"`);
  }
  return Number(text);
}

/** The value of an option that has one, read by `read`; undefined when it was not given. */
export function optional<T>(
  values: Values,
  name: string,
  read: (name: string, text: string) => T,
): T | undefined {
  const text = values[name];
  return typeof text === 'string' ? read(`--${name}`, text) : undefined;
}

/** The text of an option; undefined when it was not given. */
export function textOf(values: Values, name: string): string | undefined {
  return optional(values, name, (_, text) => text);
}
