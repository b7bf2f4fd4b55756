/** Adds to the OpenAPI document how a draw gets a receipt; where receipts are off it says nothing of them. */
import type { OpenAPIObject } from '@nestjs/swagger';

const RECEIPT = {
  name: 'receipt',
  in: 'query',
  required: false,
  description:
    '`true` writes a receipt of this draw, whose number is in the QRNG-Receipt field; `full` also reveals the bytes that were drawn ' +
    'to everybody who gets the receipt, for draws that are public. `Prefer: receipt` and `Prefer: receipt=full` do the same.',
  schema: { type: 'string', enum: ['true', 'full', 'false'], default: 'false' },
};

const FIELD = {
  description: 'The number of the receipt, where one was asked for: GET /api/receipts/{index}.',
  schema: { type: 'integer', format: 'int64', minimum: 0 },
};

interface Operation {
  parameters?: object[];
  tags?: string[];
  responses: Record<string, { headers?: object } | undefined>;
}

export function describeReceipts(document: OpenAPIObject): void {
  if (document.paths['/api/receipts/{index}'] === undefined) {
    document.tags = (document.tags ?? []).filter(({ name }) => name !== 'receipts');
    return;
  }
  for (const [path, item] of Object.entries(document.paths)) {
    const operation = (item.get ?? item.post) as Operation | undefined;
    const isDraw = operation?.tags?.includes('entropy') === true && path !== '/api/stream';
    if (operation === undefined || (!isDraw && path !== '/v1/entropy')) continue;
    if (isDraw) operation.parameters = [...(operation.parameters ?? []), RECEIPT];
    const answer = operation.responses['200'];
    if (answer !== undefined) answer.headers = { ...answer.headers, 'QRNG-Receipt': FIELD };
  }
}
