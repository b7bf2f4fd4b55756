/** How OpenAPI describes the reports of Terminus. */
import { applyDecorators } from '@nestjs/common';
import { ApiOperation, ApiResponse } from '@nestjs/swagger';

const INDICATORS = {
  type: 'object',
  additionalProperties: {
    type: 'object',
    required: ['status'],
    additionalProperties: true,
    properties: { status: { type: 'string', enum: ['up', 'down', 'degraded'] } },
  },
};

const REPORT = {
  type: 'object',
  required: ['status', 'info', 'error', 'details'],
  additionalProperties: false,
  properties: {
    status: { type: 'string', enum: ['ok', 'degraded', 'error', 'shutting_down'] },
    info: { ...INDICATORS, description: 'What is well.' },
    error: { ...INDICATORS, description: 'What is not.' },
    details: { ...INDICATORS, description: 'Both.' },
  },
};

function report(status: 'ok' | 'error', bytes: number): object {
  const pool = { bytes, capacity: 10_485_760, needed: 524_288, status: status === 'ok' ? 'up' : 'down' };
  const [info, error] = status === 'ok' ? [{ pool }, {}] : [{}, { pool }];
  return { status, info, error, details: { pool } };
}

/** An operation that answers with a report, 200 when all is well and 503 when it is not. */
export function DescribeHealth(operationId: string, summary: string, description: string): MethodDecorator {
  return applyDecorators(
    ApiOperation({ operationId, summary, description }),
    ApiResponse({
      status: 200,
      description: 'Yes.',
      content: { 'application/json': { schema: REPORT, example: report('ok', 9_437_184) } },
    }),
    ApiResponse({
      status: 503,
      description: 'No.',
      headers: { 'Retry-After': { $ref: '#/components/headers/Retry-After' } },
      content: { 'application/json': { schema: REPORT, example: report('error', 1024) } },
    }),
  );
}
