/** Opens the replay state in the state directory, and reports how it was found and what becomes of it. */
import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../../audit/audit-trail.js';
import { Clock } from '../../clock.js';
import { logEvent } from '../../log-events.js';
import type { LogLevel } from '../../log-events.js';
import { StateDirectory } from '../../state/state-directory.js';
import { ForgetRequests } from './forget-requests.js';
import type { FreshnessWindow } from './freshness.js';
import { ReplayStore } from './replay-store.js';
import type { Recovery, ReplayLog } from './replay-store.js';

/**
 * `new`, `missing`, `copied` and `lost` mean that bytes exposed before now are refused; `crashed`, those exposed before the last
 * bound.
 */
const LEVELS: Record<Recovery['found'] | 'missing', LogLevel> = {
  clean: 'log',
  'version-1': 'log',
  new: 'warn',
  crashed: 'warn',
  missing: 'error',
  lost: 'error',
  copied: 'error',
};

@Injectable()
export class ReplayStoreOpener implements ReplayLog {
  constructor(
    private readonly directory: StateDirectory,
    private readonly clock: Clock,
    private readonly audit: AuditTrail,
    private readonly forgetting: ForgetRequests,
  ) {}

  /** The state, and the collectors that it has known. */
  async open(window: FreshnessWindow): Promise<{ store: ReplayStore; known: readonly string[] }> {
    const { path } = this.directory;
    const { store, recovery, known } = await ReplayStore.open(path, this.clock.now(), window, this);
    this.#report(recovery);
    this.forgetting.serve(store);
    return { store, known };
  }

  floorLowered(from: number, to: number): void {
    logEvent('warn', 'replay-floor-lowered', { from: new Date(from), to: new Date(to) });
  }

  fileDisturbed(): void {
    logEvent('error', 'replay-state-disturbed');
    this.audit.record('state-lost', { reason: 'replay-state was deleted or replaced, and is written again' });
  }

  notSaved(reason: string): void {
    logEvent('error', 'replay-state-not-saved', { reason });
  }

  #report({ found, setAside }: Recovery): void {
    // A gateway that has an audit trail has run before, and had a replay state then.
    const condition = found === 'new' && !this.audit.isNew ? 'missing' : found;
    logEvent(LEVELS[condition], 'replay-state-opened', { found: condition, setAside });
    if (condition === 'missing') this.audit.record('state-lost', { reason: 'replay-state is missing' });
    if (condition === 'copied') this.audit.record('state-lost', { reason: 'replay-state is a copy' });
    if (condition === 'lost') this.audit.record('state-lost', { reason: `moved to ${setAside ?? ''}` });
  }
}
