/** API keys, and the guards that demand one of the right scope on every route that is not @Public(). */
import { Global, Module } from '@nestjs/common';
import { LimitsModule } from '../limits/limits.module.js';
import { ApiKeyGuard } from './api-key.guard.js';
import { ApiKeys } from './api-keys.js';
import { Authenticator } from './authenticator.js';
import { KeyReports } from './key-reports.js';
import { ScopeGuard } from './scope.guard.js';

@Global()
@Module({
  imports: [LimitsModule],
  providers: [ApiKeys, KeyReports, Authenticator, ApiKeyGuard, ScopeGuard],
  exports: [Authenticator, ApiKeyGuard, ScopeGuard, LimitsModule],
})
export class AuthModule {}
