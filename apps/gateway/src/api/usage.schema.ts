/** The answer of `GET /api/usage`, for OpenAPI. */
import { SCOPES } from '../clients/client.js';

const COUNT = { type: 'integer', minimum: 0 };
const COUNT_OR_NULL = { type: ['integer', 'null'], minimum: 0 };

export const USAGE_SCHEMA = {
  type: 'object',
  required: ['client', 'scopes', 'requests', 'bytes', 'bytesPerDay', 'bytesLeft', 'resetsAt'],
  additionalProperties: false,
  properties: {
    client: { type: 'string', description: 'The name of the key.' },
    scopes: { type: 'array', items: { type: 'string', enum: [...SCOPES] } },
    requests: { ...COUNT, description: 'Requests admitted today, this one included.' },
    bytes: { ...COUNT, description: 'Bytes of entropy taken today, also for answers that did not arrive.' },
    bytesPerDay: { ...COUNT_OR_NULL, description: 'The quota; null where there is none.' },
    bytesLeft: { ...COUNT_OR_NULL, description: 'What is left of it.' },
    resetsAt: { type: 'string', format: 'date-time', description: 'When the next UTC day begins.' },
  },
};

export const USAGE_EXAMPLE = {
  client: 'lottery',
  scopes: ['random', 'status'],
  requests: 42,
  bytes: 1344,
  bytesPerDay: 104_857_600,
  bytesLeft: 104_856_256,
  resetsAt: '2026-12-02T00:00:00.000Z',
};
