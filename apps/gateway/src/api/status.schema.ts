/** The answer of `GET /api/status`, for OpenAPI. */

const COUNT = { type: 'integer', minimum: 0 };
const COUNT_OR_NULL = { type: ['integer', 'null'], minimum: 0 };
const AMOUNT = { type: 'number', minimum: 0 };
const TEXT = { type: 'string' };
const TIME = { type: 'string', format: 'date-time' };

const SOURCE = object(
  {
    name: { ...TEXT, description: 'Host or device.' },
    up: { type: 'boolean', description: 'Whether its bytes are in use.' },
    state: TEXT,
    bytes: { ...COUNT, description: 'Fetched since the collector started.' },
    healthFailures: {
      type: 'object',
      additionalProperties: COUNT,
      description: 'How often each health test failed.',
    },
    lastError: TEXT,
  },
  ['name', 'up', 'state', 'bytes', 'healthFailures'],
);

const COLLECTOR = object({
  name: TEXT,
  runningSince: {
    type: ['string', 'null'],
    format: 'date-time',
    description: 'When its run began, by its own clock.',
  },
  lastPacketAt: TIME,
  secondsSinceLastPacket: { type: 'number' },
  packets: { ...COUNT, description: 'Accepted since this gateway started.' },
  bytes: { ...COUNT, description: 'Entropy in them.' },
  missingPackets: { ...TEXT, description: 'Sequence numbers that never came; may exceed 2^53.' },
  version: { type: ['string', 'null'], description: 'From its last heartbeat, like all that follows.' },
  bufferBytes: { ...COUNT_OR_NULL, description: 'Waiting in it.' },
  bufferCapacity: COUNT_OR_NULL,
  sources: { type: 'array', items: SOURCE },
});

export const STATUS_SCHEMA = object({
  warnings: { type: 'array', items: TEXT, description: 'What is wrong, in words, the gravest first.' },
  startedAt: TIME,
  pool: object({
    bytes: { ...COUNT, description: 'Entropy that can be served now.' },
    capacity: COUNT,
    oldestAgeSeconds: AMOUNT,
    ready: { type: 'boolean', description: 'Filled to 5 % or more.' },
    secondsUntilEmpty: {
      ...COUNT_OR_NULL,
      description: 'If all goes on as in the last minute; null while the pool does not shrink.',
    },
  }),
  feed: object({
    fed: { type: 'boolean', description: 'Whether entropy came in the last 30 seconds.' },
    secondsSinceLastEntropy: { type: ['number', 'null'], minimum: 0 },
  }),
  throughput: object({
    inBytesPerSecond: { ...COUNT, description: 'Over the last minute.' },
    outBytesPerSecond: COUNT,
  }),
  collectors: { type: 'array', items: COLLECTOR },
});

export const STATUS_EXAMPLE = {
  warnings: ['Collector lab-1 does not use its source 10.0.0.5 (failing, timeout).'],
  startedAt: '2026-12-01T08:00:00.000Z',
  pool: {
    bytes: 9_437_184,
    capacity: 10_485_760,
    oldestAgeSeconds: 118.2,
    ready: true,
    secondsUntilEmpty: null,
  },
  feed: { fed: true, secondsSinceLastEntropy: 0.31 },
  throughput: { inBytesPerSecond: 80_000, outBytesPerSecond: 2100 },
  collectors: [
    {
      name: 'lab-1',
      runningSince: '2026-12-01T07:59:12.345Z',
      lastPacketAt: '2026-12-01T08:12:30.120Z',
      secondsSinceLastPacket: 0.31,
      packets: 1520,
      bytes: 60_123_136,
      missingPackets: '0',
      version: '1.0.0',
      bufferBytes: 8192,
      bufferCapacity: 1_048_576,
      sources: [
        {
          name: '10.0.0.5',
          up: false,
          state: 'failing',
          bytes: 60_200_000,
          healthFailures: { repetition: 0 },
          lastError: 'timeout',
        },
      ],
    },
  ],
};

/** An object with these properties and no others, all of them required unless told otherwise. */
function object(properties: Record<string, object>, required = Object.keys(properties)): object {
  return { type: 'object', required, additionalProperties: false, properties };
}
