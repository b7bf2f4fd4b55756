/** Reading files again while the gateway runs: secrets, API keys, certificates. */
import { Global, Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { FileWatcher } from './file-watcher.js';
import { SettingsSource } from './settings-source.js';

@Global()
@Module({})
export class ReloadModule {
  static forRoot(source: SettingsSource): DynamicModule {
    return {
      module: ReloadModule,
      providers: [FileWatcher, { provide: SettingsSource, useValue: source }],
      exports: [FileWatcher, SettingsSource],
    };
  }
}
