/** The report of Terminus that the health routes answer with. */
import { ApiExtraModels, ApiProperty, ApiPropertyOptional, ApiSchema, getSchemaPath } from '@nestjs/swagger';
import type { HealthCheckResult, HealthIndicatorResult } from '@nestjs/terminus';

const BYTES = { type: 'integer', format: 'int64', minimum: 0 } as const;

@ApiSchema({ name: 'HealthIndicator' })
export class HealthIndicatorDto {
  @ApiProperty({ type: String, description: '`up`, `down` or `degraded`.' })
  readonly status!: string;

  @ApiPropertyOptional({ ...BYTES, description: 'Of the pool: bytes that can be served now.' })
  readonly bytes?: number;

  @ApiPropertyOptional({ ...BYTES, description: 'Of the pool: bytes that fit.' })
  readonly capacity?: number;

  @ApiPropertyOptional({ ...BYTES, description: 'Of the pool: bytes needed to be ready.' })
  readonly needed?: number;

  @ApiPropertyOptional({ type: String, description: 'What is wrong.' })
  readonly fault?: string;
}

const INDICATORS = {
  type: 'object',
  additionalProperties: { $ref: getSchemaPath(HealthIndicatorDto) },
} as const;

@ApiSchema({ name: 'HealthReport' })
@ApiExtraModels(HealthIndicatorDto)
export class HealthReportDto implements HealthCheckResult {
  @ApiProperty({ type: String, description: '`ok`, `degraded`, `error` or `shutting_down`.' })
  readonly status!: HealthCheckResult['status'];

  @ApiProperty({ ...INDICATORS, description: 'Checks that passed.' })
  readonly info?: Partial<HealthIndicatorResult> | undefined;

  @ApiProperty({ ...INDICATORS, description: 'Checks that failed.' })
  readonly error?: Partial<HealthIndicatorResult> | undefined;

  @ApiProperty({ ...INDICATORS, description: 'All checks.' })
  readonly details!: HealthIndicatorResult;
}

export function exampleReport(status: 'ok' | 'error', bytes: number): HealthReportDto {
  const state = status === 'ok' ? ('up' as const) : ('down' as const);
  const pool = { bytes, capacity: 10_485_760, needed: 524_288, status: state };
  const [info, error] = status === 'ok' ? [{ pool }, {}] : [{}, { pool }];
  return { status, info, error, details: { pool } };
}
