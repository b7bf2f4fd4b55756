/** How the collector is, for heartbeats and for the last line of its log. */
import { Injectable } from '@nestjs/common';
import { encodeTelemetry } from '#libs/crypto';
import type { Telemetry } from '#libs/crypto';
import { lostLogLines } from '#libs/log';
import { VERSION } from '#libs/version';
import { logEvent } from '../log-events.js';
import { OutputBuffer } from '../sources/output-buffer.js';
import { SourcesService } from '../sources/sources.service.js';
import { Ledger } from '../ledger/ledger.js';

@Injectable()
export class TelemetryService {
  readonly #started = performance.now();
  #clockSteps = 0;

  constructor(
    private readonly sources: SourcesService,
    private readonly output: OutputBuffer,
    readonly ledger: Ledger,
  ) {}

  /** The clock went back or leapt, and a new run began. */
  clockStepped(): void {
    this.#clockSteps++;
  }

  /** The data of a heartbeat, of at most `most` bytes; `pusher` is what the sender knows and signs of itself. */
  encode(
    most: number,
    pusher: Pick<Telemetry, 'startedAt' | 'pushCertificateExpiresAt' | 'lineage'>,
  ): Buffer {
    const mixing = this.sources.mixing();
    const { delivered, sent, dropped } = this.ledger.totals();
    return encodeTelemetry(
      {
        version: VERSION,
        uptimeMs: Math.round(performance.now() - this.#started),
        bufferBytes: this.output.length,
        bufferCapacity: this.output.capacity,
        ...pusher,
        dropped,
        deliveredBytes: delivered + sent,
        clockSteps: this.#clockSteps,
        logLinesLost: lostLogLines(),
        sources: this.sources.telemetry(),
        ...(mixing === undefined ? {} : { mixing }),
      },
      most,
    );
  }

  /** Counts what is left when the run ends, with `heldBytes` on their way, and logs the balance: `unaccounted` is 0. */
  close(heldBytes: number): void {
    this.ledger.drop('shutdown', heldBytes + this.output.length + this.sources.bufferedBytes());
    logEvent('log', 'stopped', { ...this.ledger.totals(), unaccounted: this.ledger.expectedOnHand() });
  }
}
