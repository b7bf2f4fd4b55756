/** How OpenAPI describes a health route: the same report with 200 and with 503. */
import { applyDecorators } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiServiceUnavailableResponse } from '@nestjs/swagger';
import { exampleReport, HealthReportDto } from './health-report.dto.js';

interface Description {
  readonly id: string;
  readonly summary: string;
  readonly description: string;
  /** What 200 says, and 503. */
  readonly ok: string;
  readonly unavailable: string;
}

export function DescribeHealth(operation: Description): MethodDecorator {
  const { id, summary, description, ok, unavailable } = operation;
  return applyDecorators(
    ApiOperation({ operationId: id, summary, description }),
    ApiOkResponse({ description: ok, type: HealthReportDto, example: exampleReport('ok', 9_437_184) }),
    ApiServiceUnavailableResponse({
      description: unavailable,
      headers: { 'Retry-After': { $ref: '#/components/headers/Retry-After' } },
      type: HealthReportDto,
      example: exampleReport('error', 1024),
    }),
  );
}
