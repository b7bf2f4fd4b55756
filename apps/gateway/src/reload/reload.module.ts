/** Reading files again while the gateway runs: secrets, API keys, certificates. */
import { Module } from '@nestjs/common';
import { FileWatcher } from './file-watcher.js';

@Module({ providers: [FileWatcher], exports: [FileWatcher] })
export class ReloadModule {}
