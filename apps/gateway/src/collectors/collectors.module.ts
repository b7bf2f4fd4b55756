/** What is known of the collectors, from their packets. */
import { Module } from '@nestjs/common';
import { CollectorMetrics } from './collector-metrics.js';
import { CollectorRegistry } from './collector-registry.js';

@Module({ providers: [CollectorRegistry, CollectorMetrics], exports: [CollectorRegistry] })
export class CollectorsModule {}
