/** The answer of `GET /api/quality`, for OpenAPI. */

function statistic(description: string): object {
  return {
    type: 'object',
    description,
    required: ['value', 'expected', 'verdict'],
    additionalProperties: false,
    properties: {
      value: { type: 'number' },
      expected: { type: 'number', description: 'What uniform, independent bytes give on average.' },
      verdict: { type: 'string', description: 'In words.' },
    },
  };
}

const STATISTICS = {
  ones: statistic('Share of bits that are 1.'),
  chiSquare: statistic('Of the 256 byte values, 255 degrees of freedom.'),
  serialCorrelation: statistic('Of each byte with the next one.'),
  monteCarloPi: statistic('Four times the share of points within the quarter circle.'),
  minEntropy: statistic('Bits a byte, a lower bound by the most common value (SP 800-90B, 6.3.1).'),
};

export const QUALITY_SCHEMA = {
  type: 'object',
  required: ['bytes', 'statistics', 'note'],
  additionalProperties: false,
  properties: {
    bytes: { type: 'integer', minimum: 0, description: 'How many bytes the statistics are of.' },
    statistics: {
      type: ['object', 'null'],
      description: 'Null until 8 KiB have come.',
      required: Object.keys(STATISTICS),
      additionalProperties: false,
      properties: STATISTICS,
    },
    note: { type: 'string', description: 'What such numbers cannot show.' },
  },
};

export const QUALITY_EXAMPLE = {
  bytes: 1_048_576,
  statistics: {
    ones: { value: 0.50009, expected: 0.5, verdict: 'as expected' },
    chiSquare: { value: 241.7, expected: 255, verdict: 'as expected' },
    serialCorrelation: { value: -0.00031, expected: 0, verdict: 'as expected' },
    monteCarloPi: { value: 3.1402, expected: 3.141593, verdict: 'as expected' },
    minEntropy: { value: 7.881, expected: 7.886, verdict: 'as expected' },
  },
  note: 'Statistics find a broken source. They cannot show that bytes are unpredictable.',
};
