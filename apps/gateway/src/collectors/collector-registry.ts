/** What this gateway knows of each collector: its packets, and what it last said of itself in a heartbeat. */
import { Injectable } from '@nestjs/common';
import { decodeTelemetry, TelemetryError } from '#libs/crypto';
import type { LossReason, Packet, Telemetry } from '#libs/crypto';
import { MAX_COLLECTORS } from '../bounds.js';
import { logEvent } from '../log-events.js';
import { CollectorMetrics } from './collector-metrics.js';

const MAX_LABELS = 2 * MAX_COLLECTORS;

/** What a collector counts, and an operator should hear of for a while. */
const TROUBLES = {
  clockSteps: ({ clockSteps = 0 }: Telemetry) => clockSteps,
  logLinesLost: ({ logLinesLost = 0 }: Telemetry) => logLinesLost,
  lostOnTheWay: ({ dropped }: Telemetry) =>
    LOST_ON_THE_WAY.reduce((sum, reason) => sum + (dropped[reason] ?? 0), 0),
};
const LOST_ON_THE_WAY: readonly LossReason[] = ['refused', 'replayed', 'expired', 'unknown'];
export type Trouble = keyof typeof TROUBLES;

/** A collector as the packets accepted by this gateway show it. Times are Unix milliseconds. */
export interface CollectorStatus {
  readonly collector: string;
  readonly boot: bigint;
  readonly sequence: bigint;
  /** When the last packet was accepted, by this gateway's clock. */
  readonly lastPacketAt: number;
  /** Since this gateway started. */
  readonly packets: number;
  readonly bytes: number;
  readonly missing: bigint;
  /** The latest heartbeat's, and when it came. */
  readonly telemetry?: Telemetry;
  readonly telemetryAt?: number;
  /** When a heartbeat last reported more of these than the one before it. */
  readonly troubleAt: Readonly<Partial<Record<Trouble, number>>>;
}

const NEW = { packets: 0, bytes: 0, missing: 0n };

@Injectable()
export class CollectorRegistry {
  readonly #collectors = new Map<string, CollectorStatus>();
  readonly #labels = new Set<string>();

  constructor(private readonly metrics: CollectorMetrics) {}

  /** All collectors heard of since this gateway started, at most 256. */
  collectors(): CollectorStatus[] {
    return [...this.#collectors.values()];
  }

  /** The metric label of a collector whose packet's MAC held, taken or not; `other` once there are very many. */
  label(collector: string): string {
    if (this.#labels.has(collector)) return collector;
    if (this.#labels.size >= MAX_LABELS) return 'other';
    this.#labels.add(collector);
    this.metrics.known(collector);
    return collector;
  }

  /** Notes an accepted packet; `missing` is how many sequence numbers it skipped. */
  note(packet: Packet, missing: bigint, now: number): void {
    const known = this.#collectors.get(packet.collector);
    if (known === undefined && this.#collectors.size >= MAX_COLLECTORS) return;
    const telemetry = packet.type === 'heartbeat' ? this.#telemetryOf(packet) : undefined;
    const troubleAt = { ...known?.troubleAt, ...newTroubles(known?.telemetry, telemetry, now) };
    const { packets, bytes, missing: missed } = known ?? NEW;
    this.#collectors.set(packet.collector, {
      ...known,
      collector: packet.collector,
      boot: packet.boot,
      sequence: packet.sequence,
      lastPacketAt: now,
      packets: packets + 1,
      bytes: bytes + (packet.type === 'entropy' ? packet.data.length : 0),
      missing: missed + missing,
      troubleAt,
      ...(telemetry === undefined ? {} : { telemetry, telemetryAt: now }),
    });
    this.metrics.packet(packet.collector, missing, now);
    if (telemetry !== undefined) this.metrics.telemetry(packet.collector, packet.boot, telemetry);
  }

  /**
   * An empty heartbeat says nothing but that its collector lives. One that is no telemetry still counts as a packet: its
   * MAC held, and its sequence is used.
   */
  #telemetryOf(packet: Packet): Telemetry | undefined {
    if (packet.data.length === 0) return undefined;
    try {
      return decodeTelemetry(packet.data);
    } catch (error) {
      if (!(error instanceof TelemetryError)) throw error;
      this.metrics.malformed(packet.collector);
      const { collector } = packet;
      logEvent('warn', 'telemetry-malformed', { collector, reason: error.message });
      return undefined;
    }
  }
}

/** What `telemetry` counts more of than the heartbeat before; of the first one that came it is not known when that was. */
function newTroubles(
  before: Telemetry | undefined,
  telemetry: Telemetry | undefined,
  now: number,
): Partial<Record<Trouble, number>> {
  if (before === undefined || telemetry === undefined) return {};
  const goesOn = before.startedAt === telemetry.startedAt;
  const rose = (Object.keys(TROUBLES) as Trouble[]).filter(
    (trouble) => TROUBLES[trouble](telemetry) > (goesOn ? TROUBLES[trouble](before) : 0),
  );
  return Object.fromEntries(rose.map((trouble) => [trouble, now]));
}
