/**
 * How an operator on this machine speaks to a collector that listens to nobody: two files in the state directory.
 *
 *   sources.json   how the sources are, written when that changes        -> npm run sources
 *   release        names of sources to release, read and removed         <- npm run sources -- release
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import type { OnModuleDestroy } from '@nestjs/common';
import { errorCode, ifThere, replaceFile } from '#libs/files';
import { logEvent } from '../log-events.js';
import { CollectorSettings } from '../settings.js';
import { SourcesService } from '../sources/sources.service.js';

const LOOK_EVERY_MS = 1000;
/** Names of sources are 64 characters at most, and there are 16 of them. */
const MAX_REQUEST_BYTES = 4096;

@Injectable()
export class OperatorService implements OnModuleDestroy {
  #timer: NodeJS.Timeout | undefined;
  #written = '';
  #failed = false;

  constructor(
    private readonly settings: CollectorSettings,
    private readonly sources: SourcesService,
  ) {}

  /** Begins to look, each second. A request that an earlier run did not see is not for this one. */
  start(): void {
    rmSync(this.#path('release'), { force: true });
    this.look();
    this.#timer = setInterval(() => this.look(), LOOK_EVERY_MS);
  }

  onModuleDestroy(): void {
    clearInterval(this.#timer);
  }

  /** One look. A disk that is full or read-only is said once, and stops nothing else. */
  look(): void {
    try {
      this.#release();
      this.#write();
      this.#failed = false;
    } catch (error) {
      if (!this.#failed) logEvent('error', 'operator-files-unusable', { reason: errorCode(error) });
      this.#failed = true;
    }
  }

  #release(): void {
    const text = ifThere(() => readFileSync(this.#path('release'), 'utf8'))?.slice(0, MAX_REQUEST_BYTES);
    if (text === undefined) return;
    // Removed first: what cannot be removed would be read again and again.
    rmSync(this.#path('release'));
    const names = text.split('\n').filter((line) => line !== '');
    this.sources.release(names.length === 0 ? undefined : names);
  }

  #write(): void {
    const states = this.sources.telemetry().map(({ name, state, quarantines, lastError }) => ({
      name,
      state,
      quarantines,
      lastError,
    }));
    const mixing = this.sources.mixing();
    const mixed =
      mixing === undefined ? [] : [{ name: 'mixed', state: mixing.state, quarantines: mixing.quarantines }];
    const text = `${JSON.stringify([...states, ...mixed], undefined, 2)}\n`;
    if (text === this.#written) return;
    replaceFile(this.#path('sources.json'), text, { sync: false });
    this.#written = text;
  }

  #path(file: string): string {
    return join(this.settings.QRNG_STATE_DIR, file);
  }
}
