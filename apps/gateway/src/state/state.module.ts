/** The directory that outlives the process. */
import { Module } from '@nestjs/common';
import { StateDirectory } from './state-directory.js';

@Module({ providers: [StateDirectory], exports: [StateDirectory] })
export class StateModule {}
