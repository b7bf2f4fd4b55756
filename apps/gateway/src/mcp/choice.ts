/** A choice among items that the caller names. */
import { integers } from '#libs/entropy';
import type { Sample } from '#libs/entropy';
import { oneOf, wholeNumber } from '../api/request/parameter.js';
import { invalidParameters, Parameters } from '../api/request/parameters.js';
import { inputSchema } from './tool.js';
import type { Arguments, ObjectSchema } from './tool.js';

const MAX_ITEMS = 1000;
const MAX_ITEM_LENGTH = 1000;

const PARAMETERS = new Parameters({
  count: wholeNumber('How many to choose.', { min: 1, max: MAX_ITEMS, fallback: 1 }),
  unique: oneOf('Choose no item twice.', [true, false], true),
});

const ITEMS = {
  type: 'array',
  items: { type: 'string', maxLength: MAX_ITEM_LENGTH },
  minItems: 1,
  maxItems: MAX_ITEMS,
  description: 'What to choose from.',
} as const;

const { properties, ...rest } = inputSchema(PARAMETERS);

export const CHOICE_SCHEMA: ObjectSchema = {
  ...rest,
  properties: { items: ITEMS, ...(properties as object) },
  required: ['items'],
};

/** A choice as `CHOICE_SCHEMA` describes it. @throws {ApiError} `invalid-parameter`. */
export function choice({ items, ...others }: Arguments): Sample<string[]> {
  const { count, unique } = PARAMETERS.readMembers(others);
  if (!isItems(items)) {
    const detail = `must be a list of 1 to ${MAX_ITEMS} texts of at most ${MAX_ITEM_LENGTH} characters`;
    throw invalidParameters([{ name: 'items', detail }]);
  }
  if (unique && count > items.length) {
    const detail = `must be at most ${items.length}, the number of items, unless unique is false`;
    throw invalidParameters([{ name: 'count', detail }]);
  }
  const indices = integers({ count, min: 0, max: items.length - 1, unique });
  return { ...indices, draw: (bits) => indices.draw(bits).flatMap((index) => items[index] ?? []) };
}

function isItems(value: unknown): value is string[] {
  if (!Array.isArray(value) || value.length < 1 || value.length > MAX_ITEMS) return false;
  return value.every((item) => typeof item === 'string' && item.length <= MAX_ITEM_LENGTH);
}
