/** How the collector is, for heartbeats and for the last line of its log. */
import { Injectable } from '@nestjs/common';
import { encodeTelemetry } from '#libs/crypto';
import type { LineageTelemetry } from '#libs/crypto';
import { VERSION } from '#libs/version';
import { logEvent } from '../log-events.js';
import { OutputBuffer } from '../sources/output-buffer.js';
import { SourcesService } from '../sources/sources.service.js';
import { Ledger } from '../ledger/ledger.js';

@Injectable()
export class TelemetryService {
  readonly #started = performance.now();

  constructor(
    private readonly sources: SourcesService,
    private readonly output: OutputBuffer,
    readonly ledger: Ledger,
  ) {}

  /** The data of a heartbeat, of at most `most` bytes. @param lineage what the collector signs about its packets. */
  encode(most: number, lineage?: LineageTelemetry): Buffer {
    const mixing = this.sources.mixing();
    return encodeTelemetry(
      {
        version: VERSION,
        uptimeMs: Math.round(performance.now() - this.#started),
        bufferBytes: this.output.length,
        bufferCapacity: this.output.capacity,
        dropped: this.ledger.totals().dropped,
        sources: this.sources.telemetry(),
        ...(mixing === undefined ? {} : { mixing }),
        ...(lineage === undefined ? {} : { lineage }),
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
