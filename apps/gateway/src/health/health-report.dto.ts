/** The report of Terminus that the health routes answer with. */
import { ApiExtraModels, ApiProperty, ApiSchema, getSchemaPath } from '@nestjs/swagger';
import type { HealthCheckResult, HealthIndicatorResult } from '@nestjs/terminus';
import { Count, Text } from '../api/request/shapes.js';

@ApiSchema({ name: 'HealthIndicator' })
export class HealthIndicatorDto {
  @Text('`up`, `down` or `degraded`.')
  readonly status!: string;

  @Count.optional('Of the pool: bytes that can be served now.')
  readonly bytes?: number;

  @Count.optional('Of the pool: bytes that fit.')
  readonly capacity?: number;

  @Count.optional('Of the pool: bytes needed to be ready.')
  readonly needed?: number;

  @Text.optional('What is wrong.')
  readonly fault?: string;
}

const INDICATORS = {
  type: 'object',
  additionalProperties: { $ref: getSchemaPath(HealthIndicatorDto) },
} as const;

@ApiSchema({ name: 'HealthReport' })
@ApiExtraModels(HealthIndicatorDto)
export class HealthReportDto implements HealthCheckResult {
  @Text('`ok`, `degraded`, `error` or `shutting_down`.')
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
