/** Who is it, may it, how often: the guards of every route, and the API keys behind them. */
import { Module } from '@nestjs/common';
import { LimitsModule } from '../limits/limits.module.js';
import { ReloadModule } from '../reload/reload.module.js';
import { ApiKeyGuard } from './api-key.guard.js';
import { ApiKeys } from './api-keys.js';
import { Authenticator } from './authenticator.js';
import { ClientThrottlerGuard } from './client-throttler.guard.js';
import { KeyReports } from './key-reports.js';
import { KeyWatch } from './key-watch.js';
import { ScopeGuard } from './scope.guard.js';

@Module({
  imports: [LimitsModule, ReloadModule],
  providers: [ApiKeys, KeyReports, KeyWatch, Authenticator, ApiKeyGuard, ClientThrottlerGuard, ScopeGuard],
  exports: [KeyWatch, Authenticator, ApiKeyGuard, ClientThrottlerGuard, ScopeGuard],
})
export class GateModule {}
