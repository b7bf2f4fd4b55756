/** The way out: the REST API. */
import { Module } from '@nestjs/common';
import { PoolModule } from '../pool/pool.module.js';
import { RandomController } from './random.controller.js';

@Module({ imports: [PoolModule], controllers: [RandomController] })
export class ApiModule {}
