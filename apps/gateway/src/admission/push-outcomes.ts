/** Reports what became of each packet: metrics, log, audit trail, and the state of its collector. */
import { Injectable } from '@nestjs/common';
import type { Packet } from '#libs/crypto';
import type { AuditEvent } from '../audit/audit-event.js';
import { AuditTrail } from '../audit/audit-trail.js';
import { EventLimit } from '../audit/event-limit.js';
import { Clock } from '../clock.js';
import { CollectorRegistry } from '../collectors/collector-registry.js';
import { logEvent } from '../log-events.js';
import { GatewayMetrics } from '../metrics/gateway-metrics.js';
import type { Origin, Transport } from './origin.js';
import type { RefusalResult, Refused } from './packet-refusal.js';

/** Outcomes that somebody may have brought about on purpose. A damaged packet (malformed, crc) proves nothing. */
const AUDITED: Partial<Record<RefusalResult, AuditEvent>> = {
  client_cert: 'client-certificate-refused',
  hmac: 'hmac-failed',
  replay: 'replay',
  conflict: 'conflict',
  stale: 'stale',
  future: 'future',
};

@Injectable()
export class PushOutcomes {
  readonly #logLimit = new EventLimit<RefusalResult>();
  #leftOut = 0;

  constructor(
    private readonly metrics: GatewayMetrics,
    private readonly collectors: CollectorRegistry,
    private readonly audit: AuditTrail,
    private readonly clock: Clock,
  ) {}

  /** A packet that was taken and skipped `missing` sequence numbers. */
  accepted(packet: Packet, { transport }: Origin, missing: bigint): void {
    const { collector, boot, sequence } = packet;
    this.#count('accepted', transport, packet);
    this.collectors.note(packet, missing, this.clock.now());
    if (missing === 0n) return;
    logEvent('warn', 'sequence-gap', {
      collector,
      boot: boot.toString(),
      sequence: sequence.toString(),
      missing: missing.toString(),
    });
  }

  /** A push that was not taken; `packet` only if its MAC held: nothing else is known to be from a collector. */
  refused(refusal: Refused, { transport, source }: Origin, packet?: Packet): void {
    const { result, detail: reason } = refusal;
    const { collector, boot, sequence } = packet ?? {};
    if (result !== 'unknown') this.#count(result, transport, packet);
    const event = AUDITED[result];
    if (event !== undefined) this.audit.record(event, { source, collector, boot, sequence, reason });
    this.#log(refusal, source, packet);
  }

  /** A copy of a packet that this gateway has taken lately; carriers without answers make such. */
  duplicate(packet: Packet, { transport }: Origin): void {
    this.#count('duplicate', transport, packet);
  }

  #count(result: string, transport: Transport, packet: Packet | undefined): void {
    const collector = packet === undefined ? 'unverified' : this.collectors.label(packet.collector);
    this.metrics.packets.inc({ collector, result, transport });
    if (packet !== undefined) this.metrics.packetsByKey.inc({ key_id: packet.keyId });
  }

  #log({ result, detail: reason }: Refused, source: string, packet: Packet | undefined): void {
    if (!this.#logLimit.admits(result, source, performance.now())) {
      this.#leftOut += 1;
      return;
    }
    const leftOut = this.#leftOut === 0 ? undefined : this.#leftOut;
    this.#leftOut = 0;
    const { collector, boot, sequence } = packet ?? {};
    // A full pool is how an idle gateway is well.
    const level = result === 'conflict' ? 'error' : result === 'full' ? 'log' : 'warn';
    logEvent(level, 'push-refused', {
      ...{ result, source, collector, reason, leftOut },
      boot: boot?.toString(),
      sequence: sequence?.toString(),
    });
  }
}
