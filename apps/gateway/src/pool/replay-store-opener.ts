/** Opens the replay state in the state directory, and tells operators in which condition it was found. */
import { Injectable } from '@nestjs/common';
import { PinoLogger } from 'nestjs-pino';
import { AuditTrail } from '../audit/audit-trail.js';
import { Clock } from '../clock.js';
import { StateDirectory } from '../state/state-directory.js';
import { ReplayStore } from './replay-store.js';
import type { Recovery } from './replay-store.js';

@Injectable()
export class ReplayStoreOpener {
  constructor(
    private readonly directory: StateDirectory,
    private readonly clock: Clock,
    private readonly audit: AuditTrail,
    private readonly logger: PinoLogger,
  ) {
    logger.setContext(ReplayStoreOpener.name);
  }

  async open(): Promise<ReplayStore> {
    const { store, recovery } = await ReplayStore.open(this.directory.path, this.clock.now());
    this.#tell(recovery);
    return store;
  }

  #tell({ found, setAside }: Recovery): void {
    const fields = { event: 'replay-state-opened', found, setAside };
    switch (found) {
      case 'whole':
        this.logger.info(fields, 'the replay state goes on');
        break;
      case 'new':
        this.logger.warn(fields, 'the replay state is new: packets stamped before now are refused');
        break;
      case 'torn':
        this.logger.warn(fields, 'the last record was torn: packets stamped before now are refused');
        break;
      case 'lost':
        this.logger.error(
          fields,
          'the replay state is damaged, a new one begins: packets stamped before now are refused',
        );
        this.audit.record('state-lost', { reason: `moved to ${setAside ?? ''}` });
        break;
    }
  }
}
