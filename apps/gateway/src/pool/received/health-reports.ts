/** Reports collectors whose bytes fail the health tests: as a metric, in the log, in the audit trail, and as warnings in /api/status. */
import { Injectable } from '@nestjs/common';
import type { HealthTest } from '#libs/entropy';
import { AuditTrail } from '../../audit/audit-trail.js';
import { Clock } from '../../clock.js';
import { logEvent } from '../../log-events.js';
import { GatewayMetrics } from '../../metrics/gateway-metrics.js';
import { Warnings } from '../../metrics/warnings.js';
import type { Standing } from './delivery.js';

/** For how long a failure is worth a warning, and how often one is logged while nothing else changes. */
const LATELY_MS = 3_600_000;

const CONSEQUENCES: Readonly<Record<Standing, string>> = {
  good: 'They are served again, or QRNG_ON_BAD_ENTROPY=warn lets them pass.',
  doubtful: 'What comes is discarded until enough in a row passes.',
  refused:
    'Its packets are refused (503) until it, or this gateway, is restarted; what it delivers then is tested before it is served.',
};

export interface HealthNews {
  readonly collector: string;
  readonly boot: bigint;
  readonly standing: Standing;
  /** Tests that failed now; none where only the standing changed. */
  readonly failures: readonly HealthTest[];
}

interface Reported {
  readonly standing: Standing;
  readonly tests: readonly HealthTest[];
  readonly failedAt: number;
  readonly saidAt: number;
}

@Injectable()
export class HealthReports {
  readonly #reported = new Map<string, Reported>();

  constructor(
    private readonly metrics: GatewayMetrics,
    private readonly audit: AuditTrail,
    private readonly clock: Clock,
    warnings: Warnings,
  ) {
    warnings.from(() => this.#warnings());
  }

  /** A block of `collector` failed tests, or it was decided again what becomes of its bytes. */
  note({ collector, boot, standing, failures }: HealthNews): void {
    const now = this.clock.monotonic();
    const before = this.#reported.get(collector);
    const failed = failures.length > 0;
    const isNews = before?.standing !== standing || now - before.saidAt >= LATELY_MS;
    const tests = failed ? failures : (before?.tests ?? []);
    this.#reported.set(collector, {
      ...{ standing, tests },
      failedAt: failed ? now : (before?.failedAt ?? now),
      saidAt: isNews ? now : before.saidAt,
    });
    if (failed) this.metrics.badEntropy.inc({ collector });
    this.metrics.entropyRefused.set({ collector }, standing === 'good' ? 0 : 1);
    if (!isNews) return;
    const reason = `${standing}: ${tests.join(', ')}`;
    logEvent('error', 'bad-entropy', { collector, boot: boot.toString(), standing, tests });
    this.audit.record('bad-entropy', { collector, boot, reason });
  }

  #warnings(): string[] {
    const now = this.clock.monotonic();
    return [...this.#reported]
      .filter(([, { standing, failedAt }]) => standing !== 'good' || now - failedAt < LATELY_MS)
      .map(
        ([collector, { tests, standing }]) =>
          `What collector ${collector} delivers failed the health tests (${tests.join(', ')}). ${CONSEQUENCES[standing]} See QrngBadEntropy in docs/operations.md.`,
      );
  }
}
