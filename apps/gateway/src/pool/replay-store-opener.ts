/** Opens the replay state in the state directory, and tells operators in which condition it was found. */
import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../audit/audit-trail.js';
import { Clock } from '../clock.js';
import { logEvent } from '../log-events.js';
import { StateDirectory } from '../state/state-directory.js';
import { ReplayStore } from './replay-store.js';
import type { Recovery } from './replay-store.js';

/** All but `whole` mean that packets stamped before now are refused. */
const LEVELS = { whole: 'log', new: 'warn', torn: 'warn', lost: 'error' } as const;

@Injectable()
export class ReplayStoreOpener {
  constructor(
    private readonly directory: StateDirectory,
    private readonly clock: Clock,
    private readonly audit: AuditTrail,
  ) {}

  async open(): Promise<ReplayStore> {
    const { store, recovery } = await ReplayStore.open(this.directory.path, this.clock.now());
    this.#tell(recovery);
    return store;
  }

  #tell({ found, setAside }: Recovery): void {
    logEvent(LEVELS[found], 'replay-state-opened', { found, setAside });
    if (found === 'lost') this.audit.record('state-lost', { reason: `moved to ${setAside ?? ''}` });
  }
}
