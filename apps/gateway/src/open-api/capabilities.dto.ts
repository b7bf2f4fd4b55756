/** The answer of `GET /v1/capabilities`. */
import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { ENTROPY_TYPE, MAX_BLOCK_BYTES, MAX_BLOCKS } from './blocks.dto.js';
import { EXTENSIONS } from './extension.js';
import type { Extension } from './extension.js';

const WHOLE = { type: 'integer', format: 'int64' } as const;

@ApiSchema({ name: 'EntropyCapabilities' })
export class EntropyCapabilitiesDto {
  @ApiPropertyOptional({ ...WHOLE, minimum: 1, default: 1, description: 'Least bytes of a block.' })
  readonly min_block_size!: number;

  @ApiProperty({ ...WHOLE, minimum: 1, description: 'Most bytes of a block.' })
  readonly max_block_size!: number;

  @ApiPropertyOptional({ ...WHOLE, minimum: 1, default: 1, description: 'Least number of blocks.' })
  readonly min_block_count!: number;

  @ApiProperty({ ...WHOLE, minimum: 1, description: 'Largest number of blocks.' })
  readonly max_block_count!: number;

  @ApiPropertyOptional({ type: [String], description: 'Types of entropy; the first one is the default.' })
  readonly entropy_types!: readonly string[];

  @ApiPropertyOptional(EXTENSIONS)
  readonly extensions!: readonly Extension[];
}

@ApiSchema({ name: 'TestThreshold' })
export class TestThresholdDto {
  @ApiProperty({ type: String, description: 'Name of the test.' })
  readonly test_type!: string;

  @ApiProperty({
    type: 'string',
    format: 'date-time',
    description: 'Since when the server runs the test, RFC 3339.',
  })
  readonly time_stamp!: string;

  @ApiPropertyOptional({ type: String, description: 'Where the test is described.' })
  readonly report_link?: string;
}

@ApiSchema({ name: 'HealthTestCapabilities' })
export class HealthTestCapabilitiesDto {
  @ApiProperty({ type: [TestThresholdDto] })
  readonly test_threshold!: readonly TestThresholdDto[];
}

@ApiSchema({ name: 'Capabilities' })
export class CapabilitiesDto {
  @ApiProperty()
  readonly entropy!: EntropyCapabilitiesDto;

  @ApiPropertyOptional({
    type: HealthTestCapabilitiesDto,
    description: 'The server has the route healthtest, and these tests. Absent: it has not.',
  })
  readonly healthtest!: HealthTestCapabilitiesDto;

  @ApiPropertyOptional({ ...WHOLE, minimum: 0, description: 'Number of QRNG sources.' })
  readonly source_count!: number;

  @ApiPropertyOptional(EXTENSIONS)
  readonly extensions?: readonly Extension[];
}

export const CAPABILITIES_EXAMPLE: CapabilitiesDto = {
  entropy: {
    min_block_size: 1,
    max_block_size: MAX_BLOCK_BYTES,
    min_block_count: 1,
    max_block_count: MAX_BLOCKS,
    entropy_types: [ENTROPY_TYPE],
    extensions: [{ name: 'qrng-dd.max_bytes', value: 65_536 }],
  },
  healthtest: { test_threshold: [{ test_type: 'nist_90b_rct', time_stamp: '2026-12-01T08:00:00Z' }] },
  source_count: 2,
};
