/** What a browser gets: the guide. Swagger UI is added in create-gateway.ts, once all routes are known. */
import { Module } from '@nestjs/common';
import { GuideController } from './guide.controller.js';

@Module({ controllers: [GuideController] })
export class DocsModule {}
