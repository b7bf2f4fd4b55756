/** Health for load balancers: live while the process answers, ready while it can serve. */
import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { HealthCheck, HealthCheckService } from '@nestjs/terminus';
import type { HealthCheckResult } from '@nestjs/terminus';
import { Public } from '../gate/public.decorator.js';
import { AuditHealth } from './audit.health.js';
import { DescribeHealth } from './health.openapi.js';
import { PoolHealth } from './pool.health.js';

@ApiTags('health')
@Public()
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly pool: PoolHealth,
    private readonly audit: AuditHealth,
  ) {}

  @Get('live')
  @HealthCheck({ noCache: false, swaggerDocumentation: false })
  @DescribeHealth('getLive', 'Whether the process is alive', 'Restart it when it is not.')
  live(): Promise<HealthCheckResult> {
    return this.health.check([]);
  }

  @Get('ready')
  @HealthCheck({ noCache: false, swaggerDocumentation: false })
  @DescribeHealth(
    'getReady',
    'Whether it can serve',
    'The pool is at 5 % or more, and the gateway is not stopping.',
  )
  ready(): Promise<HealthCheckResult> {
    return this.health.check([() => this.pool.check()]);
  }

  @Get()
  @HealthCheck({ noCache: false, swaggerDocumentation: false })
  @DescribeHealth('getHealth', 'Whether all is well', 'Ready, and the audit trail can be written.')
  all(): Promise<HealthCheckResult> {
    return this.health.check([() => this.pool.check(), () => this.audit.check()]);
  }
}
