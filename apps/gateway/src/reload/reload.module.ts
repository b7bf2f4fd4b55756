/** Reading files again while the gateway runs: secrets, API keys, certificates. */
import { Module } from '@nestjs/common';
import { StateModule } from '../state/state.module.js';
import { FileWatcher } from './file-watcher.js';
import { Reloads } from './reloads.js';

@Module({ imports: [StateModule], providers: [FileWatcher, Reloads], exports: [FileWatcher, Reloads] })
export class ReloadModule {}
