/** Types that many members of answers share, as OpenAPI writes them; a format tells generated clients how wide a number is. */

export const COUNT = { type: 'integer', format: 'int64', minimum: 0 } as const;
export const AMOUNT = { type: 'number', format: 'double', minimum: 0 } as const;
export const TIME = { type: 'string', format: 'date-time' } as const;
/** Bytes as they are: without the format Java reads them as UTF-8 text and replaces what is none. */
export const BINARY = { type: 'string', format: 'binary' } as const;
