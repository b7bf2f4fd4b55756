/** What a vendor adds to an answer of the QRNG Open API: objects, here with a name that begins with the product's. */

export interface Extension {
  readonly name: string;
  readonly value: unknown;
}

/** A list of them, for OpenAPI. */
export const EXTENSIONS = {
  type: 'array',
  items: { type: 'object', additionalProperties: true },
  description: 'What the vendor adds.',
} as const;
