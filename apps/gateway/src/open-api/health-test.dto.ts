/** The answer of `GET /v1/healthtest`. */
import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { EXTENSIONS } from './extension.js';
import type { Extension } from './extension.js';

@ApiSchema({ name: 'TestResult' })
export class TestResultDto {
  @ApiProperty({ type: String, description: 'Name of the test.' })
  readonly test_type!: string;

  @ApiProperty({
    type: 'number',
    format: 'double',
    description:
      'A statistic of the bytes, or of a test that collectors run all the time the share of sources that have passed it ' +
      'since their collector started.',
  })
  readonly test_result!: number;

  @ApiProperty({ type: 'string', format: 'date-time', description: 'When the result was found, RFC 3339.' })
  readonly time_stamp!: string;

  @ApiPropertyOptional({ type: String, description: 'Where the result is described.' })
  readonly report_link?: string;
}

@ApiSchema({ name: 'HealthTest' })
export class HealthTestDto {
  @ApiProperty({ type: [TestResultDto] })
  readonly test_result!: readonly TestResultDto[];

  @ApiPropertyOptional(EXTENSIONS)
  readonly extensions!: readonly Extension[];
}

export const HEALTH_TEST_EXAMPLE: HealthTestDto = {
  test_result: [{ test_type: 'nist_90b_rct', test_result: 1, time_stamp: '2026-12-01T08:12:30Z' }],
  extensions: [{ name: 'qrng-dd.verdict', value: { nist_90b_rct: 'no source failed' } }],
};
