/**
 * What became of each thing that is reloaded while the gateway runs: metrics, log, audit trail, warnings, and a file in the
 * state directory by which an operator's command sees it.
 */
import { Injectable } from '@nestjs/common';
import { errorCode, writeReloadOutcomes } from '#libs/files';
import type { ReloadOutcome } from '#libs/files';
import type { Refreshed } from '#libs/settings';
import { AuditTrail } from '../audit/audit-trail.js';
import { Clock } from '../clock.js';
import { logEvent } from '../log-events.js';
import { GatewayMetrics } from '../metrics/gateway-metrics.js';
import { Warnings } from '../metrics/warnings.js';
import { StateDirectory } from '../state/state-directory.js';

/** What is reloaded, and the event that says that it was refused. */
const REFUSED = {
  'api-keys': 'keys-refused',
  'hmac-keys': 'hmac-keys-refused',
  certificate: 'certificate-refused',
  'client-ca': 'client-ca-refused',
  settings: 'settings-refused',
} as const;

const NAMES: Readonly<Record<Reloaded, string>> = {
  'api-keys': 'The API keys',
  'hmac-keys': 'The HMAC keys',
  certificate: 'The certificate',
  'client-ca': 'The client CA certificates and revocation lists',
  settings: 'The settings',
};

export type Reloaded = keyof typeof REFUSED;

/** How the last reload of something ended; see `libs/files`. */
interface Outcome extends ReloadOutcome {
  readonly what: Reloaded;
}

@Injectable()
export class Reloads {
  readonly #outcomes = new Map<Reloaded, Outcome>();
  #waiting: readonly string[] = [];
  #writtenBadly = false;

  constructor(
    private readonly clock: Clock,
    private readonly metrics: GatewayMetrics,
    private readonly audit: AuditTrail,
    private readonly state: StateDirectory,
    warnings: Warnings,
  ) {
    warnings.from(() => (this.#waiting.length === 0 ? [] : [waitingText(this.#waiting)]));
    warnings.from(() =>
      this.failures().map(
        ({ what, refused = '' }) =>
          `${NAMES[what]} on disk cannot be used, and the old ones stay in use: ${refused}.`,
      ),
    );
  }

  /** `what` is in use as it is on disk. */
  taken(what: Reloaded): void {
    const waits = what === 'settings' && this.#waiting.length > 0;
    this.#note({ what, at: this.clock.now(), ...(waits ? { waiting: this.#waiting } : {}) });
  }

  settingsRead({ changed, waiting, warnings, withoutEffect }: Refreshed): void {
    this.#waiting = waiting;
    for (const warning of warnings) logEvent('warn', 'unknown-setting', { warning });
    for (const warning of withoutEffect) logEvent('warn', 'setting-without-effect', { warning });
    if (changed.length > 0) this.audit.record('settings-reloaded', { reason: changed.join(', ') });
    if (changed.length + waiting.length > 0) logEvent('log', 'settings-reloaded', { changed, waiting });
  }

  /** Settings that were changed and that only a restart takes over. */
  get waiting(): readonly string[] {
    return this.#waiting;
  }

  /** `what` could not be used as it is on disk, because of `reason`. */
  refused(what: Reloaded, reason: string): void {
    logEvent('error', REFUSED[what], { reason });
    this.audit.record(REFUSED[what], { reason });
    this.#note({ what, at: this.clock.now(), refused: reason });
  }

  failures(): Outcome[] {
    return [...this.#outcomes.values()].filter(({ refused }) => refused !== undefined);
  }

  #note(outcome: Outcome): void {
    const { what, at, refused } = outcome;
    this.#outcomes.set(what, outcome);
    this.metrics.reloadSuccess.set({ what }, refused === undefined ? 1 : 0);
    if (refused === undefined) this.metrics.reloadTimestamp.set({ what }, at / 1000);
    if (!this.state.isOwn) return;
    try {
      writeReloadOutcomes(this.state.path, [...this.#outcomes.values()]);
      this.#writtenBadly = false;
    } catch (error) {
      if (!this.#writtenBadly) logEvent('error', 'reloads-not-written', { reason: errorCode(error) });
      this.#writtenBadly = true;
    }
  }
}

function waitingText(names: readonly string[]): string {
  return `Changed settings wait for a restart: ${names.join(', ')}.`;
}
