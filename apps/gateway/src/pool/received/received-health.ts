/**
 * Looks at what comes in: the health tests of the collectors once more, so that a collector that is broken, old or in
 * other hands is found out, and the statistics that clients see.
 *
 *   refuse   good: stored | doubtful: accepted, judged, not stored | refused: 503; a block that fails empties the pool
 *   warn     everything is stored, and reported
 */
import { Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import type { Packet } from '#libs/crypto';
import { SeenBytes, SourceHealth } from '#libs/entropy';
import { Clock } from '../../clock.js';
import { GatewaySettings } from '../../settings.js';
import { getOrMake } from '../../maps.js';
import { Delivery } from './delivery.js';
import { HealthReports } from './health-reports.js';
import { ReceivedQuality } from './received-quality.js';

/** Collectors that are judged each by itself: each costs 0.4 MB. All others are judged together. */
const MOST_APART = 16;
const OTHERS = 'other';

/** What becomes of the bytes of a packet that is accepted, or that it is not. */
export type Intake = 'store' | 'discard' | 'refuse';
const INTAKE = { good: 'store', doubtful: 'discard', refused: 'refuse' } as const;

@Injectable()
export class ReceivedHealth implements OnApplicationShutdown {
  readonly #seen = new SeenBytes();
  readonly #deliveries = new Map<string, Delivery>();

  /** Whether bytes that are known to be bad are kept from clients. */
  readonly refuses: boolean;

  constructor(
    { QRNG_ON_BAD_ENTROPY: onBadEntropy }: GatewaySettings,
    private readonly clock: Clock,
    private readonly quality: ReceivedQuality,
    private readonly reports: HealthReports,
  ) {
    this.refuses = onBadEntropy === 'refuse';
  }

  /** What becomes of a packet, by what its collector delivered before. */
  intakeOf({ type, collector, boot }: Packet): Intake {
    const delivery = this.#deliveries.get(this.#nameOf(collector));
    if (!this.refuses || type === 'heartbeat' || delivery === undefined) return 'store';
    return INTAKE[delivery.standing(boot)];
  }

  /** Looks at a packet of entropy that was accepted; returns whether everything that is in the pool has to go. */
  isBad({ collector, boot, data }: Packet): boolean {
    this.quality.update(data);
    const name = this.#nameOf(collector);
    const delivery = this.#deliveryOf(name);
    const before = delivery.standing(boot);
    const failures = delivery.judge(boot, data, this.clock.monotonic());
    const standing = this.refuses ? delivery.standing(boot) : 'good';
    if (failures.length > 0 || (this.refuses && standing !== before)) {
      this.reports.note({ collector: name, boot, standing, failures });
    }
    return this.refuses && failures.length > 0;
  }

  onApplicationShutdown(): void {
    for (const delivery of this.#deliveries.values()) delivery.wipe();
  }

  #nameOf(collector: string): string {
    return this.#deliveries.has(collector) || this.#deliveries.size < MOST_APART ? collector : OTHERS;
  }

  #deliveryOf(name: string): Delivery {
    return getOrMake(this.#deliveries, name, () => new Delivery(new SourceHealth(name, this.#seen)));
  }
}
