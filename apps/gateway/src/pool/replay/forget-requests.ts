/** `npm run replay` while the gateway runs: the positions in its memory are those that count. */
import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../../audit/audit-trail.js';
import { Clock } from '../../clock.js';
import { logEvent } from '../../log-events.js';
import { OperatorRequests } from '../../state/operator-requests.js';
import { forgottenText, unknownText } from './forget-texts.js';
import type { ReplayStore } from './replay-store.js';

@Injectable()
export class ForgetRequests {
  constructor(
    private readonly requests: OperatorRequests,
    private readonly clock: Clock,
    private readonly audit: AuditTrail,
  ) {}

  /** Has `store` write what it knows, and forget what operators name. */
  serve(store: ReplayStore): void {
    this.requests.handle('positions', async () => {
      await store.save();
      return [store.fault() ?? 'saved'];
    });
    this.requests.handle('forget', async (collectors) => {
      const answers = [];
      for (const collector of collectors) answers.push(await this.#forget(store, collector));
      return answers;
    });
  }

  async #forget(store: ReplayStore, collector: string): Promise<string> {
    const now = this.clock.now();
    const floor = await store.forget(collector, now);
    if (floor === undefined) return unknownText(collector);
    logEvent('warn', 'position-forgotten', { collector, floor: new Date(floor) });
    this.audit.record('position-forgotten', { collector, reason: `floor ${new Date(floor).toISOString()}` });
    const fault = store.fault();
    return fault === undefined ? forgottenText(collector, floor, now) : `${collector}: ${fault}`;
  }
}
