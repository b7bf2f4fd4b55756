/** How an operator on this machine speaks to a collector that listens to nobody: `npm run sources`. */
import { Injectable } from '@nestjs/common';
import type { OnModuleDestroy } from '@nestjs/common';
import { StateRequests } from '#libs/files';
import { logEvent } from '../log-events.js';
import { CollectorSettings } from '../settings.js';
import { MIXED, SourcesService } from '../sources/sources.service.js';

@Injectable()
export class OperatorService implements OnModuleDestroy {
  #requests: StateRequests | undefined;

  constructor(
    private readonly settings: CollectorSettings,
    private readonly sources: SourcesService,
  ) {}

  start(): void {
    this.#requests = new StateRequests(this.settings.QRNG_STATE_DIR, (reason) =>
      logEvent('error', 'operator-files-unusable', { reason }),
    );
    this.#requests.handle('sources', () => this.#states());
    this.#requests.handle('release', (names) => this.sources.release(names.length === 0 ? undefined : names));
  }

  onModuleDestroy(): Promise<void> | undefined {
    return this.#requests?.close();
  }

  /** A line of JSON for each source, and for the mixing. */
  #states(): string[] {
    const mixing = this.sources.mixing();
    const all = [...this.sources.telemetry(), ...(mixing === undefined ? [] : [{ name: MIXED, ...mixing }])];
    return all.map((one) => JSON.stringify(one));
  }
}
