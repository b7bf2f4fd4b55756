/** Types that many members of answers share, as OpenAPI writes them; a format tells generated clients how wide a number is. */
import { ApiProperty } from '@nestjs/swagger';
import type { ApiPropertyOptions } from '@nestjs/swagger';

const COUNT = { type: 'integer', format: 'int64', minimum: 0 } as const;
export const TIME = { type: 'string', format: 'date-time' } as const;
/** Bytes as they are: without the format Java reads them as UTF-8 text and replaces what is none. */
export const BINARY = { type: 'string', format: 'binary' } as const;

/** Decorators of the members, each with the words that say what the value means. */
export const Count = member(COUNT);
export const Counts = member({ type: 'object', additionalProperties: COUNT });
export const Amount = member({ type: 'number', format: 'double', minimum: 0 });
export const Time = member(TIME);
export const Text = member({ type: String });
export const Flag = member({ type: Boolean });

type Member = (description: string) => PropertyDecorator;

function member(shape: ApiPropertyOptions): Member & { readonly orNull: Member; readonly optional: Member } {
  const of =
    (more: ApiPropertyOptions): Member =>
    (description) =>
      ApiProperty({ ...shape, ...more, description } as ApiPropertyOptions);
  return Object.assign(of({}), { orNull: of({ nullable: true }), optional: of({ required: false }) });
}
