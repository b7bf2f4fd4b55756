/** Health for load balancers: live while the process answers, ready while it can serve. */
import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { HealthCheck, HealthCheckService } from '@nestjs/terminus';
import { Public } from '../gate/public.decorator.js';
import { AuditHealth } from './audit.health.js';
import { DescribeHealth } from './describe-health.decorator.js';
import type { HealthReportDto } from './health-report.dto.js';
import { PoolHealth } from './pool.health.js';
import { ReloadHealth } from './reload.health.js';

@ApiTags('health')
@Public()
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly pool: PoolHealth,
    private readonly audit: AuditHealth,
    private readonly reload: ReloadHealth,
  ) {}

  @Get('live')
  @HealthCheck({ noCache: false, swaggerDocumentation: false })
  @DescribeHealth({
    id: 'getLive',
    summary: 'Liveness',
    description: 'Answers while the process is alive; restart it if it does not.',
    ok: 'The process is alive.',
    unavailable: 'The process is stopping.',
  })
  live(): Promise<HealthReportDto> {
    return this.health.check([]);
  }

  @Get('ready')
  @HealthCheck({ noCache: false, swaggerDocumentation: false })
  @DescribeHealth({
    id: 'getReady',
    summary: 'Readiness',
    description:
      'Ready while the pool is filled to 5 % or more and the gateway is not stopping. A gateway that cannot use its shared pool is ready while what it leased lasts.',
    ok: 'Ready to serve.',
    unavailable: 'Not ready; `error` says why.',
  })
  ready(): Promise<HealthReportDto> {
    return this.health.check([() => this.pool.checkReady()]);
  }

  @Get()
  @HealthCheck({ noCache: false, swaggerDocumentation: false })
  @DescribeHealth({
    id: 'getHealth',
    summary: 'Health',
    description:
      'Everything: readiness, whether the audit trail can be written, whether a clock that was ahead keeps packets out, and whether keys and certificates could be reloaded, and whether those in use have expired.',
    ok: 'All checks passed.',
    unavailable: 'A check failed; `error` says which.',
  })
  all(): Promise<HealthReportDto> {
    return this.health.check([
      () => this.pool.check(),
      () => this.pool.checkReplay(),
      () => this.audit.check(),
      () => this.reload.check(),
      () => this.reload.checkCertificates(),
    ]);
  }
}
