/** Who is it, how often, may it: the gate of every door, the guards on it, and the API keys behind it. */
import { Module } from '@nestjs/common';
import { LimitsModule } from '../limits/limits.module.js';
import { ReloadModule } from '../reload/reload.module.js';
import { ApiKeyGuard } from './api-key.guard.js';
import { ApiKeys } from './api-keys.js';
import { ClientThrottlerGuard } from './client-throttler.guard.js';
import { Gate } from './gate.service.js';
import { KeyReports } from './key-reports.js';
import { KeyWatch } from './key-watch.js';
import { RouteRules } from './route-rules.js';
import { ScopeGuard } from './scope.guard.js';

@Module({
  imports: [LimitsModule, ReloadModule],
  providers: [ApiKeys, KeyReports, KeyWatch, Gate, RouteRules, ApiKeyGuard, ClientThrottlerGuard, ScopeGuard],
  exports: [Gate, KeyWatch, ApiKeyGuard, ClientThrottlerGuard, ScopeGuard],
})
export class GateModule {}
