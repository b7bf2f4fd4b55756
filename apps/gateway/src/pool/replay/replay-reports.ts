/** Reports what timestamps in the future keep out of the pool: as warnings in /api/status, and as a metric. */
import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '../../clock.js';
import { GatewayMetrics } from '../../metrics/gateway-metrics.js';
import { Warnings } from '../../metrics/warnings.js';
import { POOL } from '../entropy.service.js';
import type { Block, Pool } from '../pool.js';

@Injectable()
export class ReplayReports {
  constructor(@Inject(POOL) pool: Pool, clock: Clock, metrics: GatewayMetrics, warnings: Warnings) {
    warnings.from(() => pool.blocks().map((block) => `${blockText(block)}.`));
    metrics.observeBlocks(() => Math.max(0, ...pool.blocks().map(({ until }) => until - clock.now())) / 1000);
  }
}

/** A block in words: what is refused, until when, why, and where it is said what to do. */
export function blockText({ what, until }: Block): string {
  const date = new Date(until).toISOString();
  return `The replay state refuses ${what} until ${date}, because a clock was ahead; see QrngReplayBlocked in docs/operations.md`;
}
