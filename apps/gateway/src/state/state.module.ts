/** The directory that outlives the process. */
import { Global, Module } from '@nestjs/common';
import { StateDirectory } from './state-directory.js';

@Global()
@Module({ providers: [StateDirectory], exports: [StateDirectory] })
export class StateModule {}
