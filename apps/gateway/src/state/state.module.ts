/** The directory that outlives the process. */
import { Module } from '@nestjs/common';
import { OperatorRequests } from './operator-requests.js';
import { StateDirectory } from './state-directory.js';

@Module({ providers: [StateDirectory, OperatorRequests], exports: [StateDirectory, OperatorRequests] })
export class StateModule {}
