/** Says in the log what happens to one source: each kind of event some times an hour at most, with what was left out. */
import type { Judgement } from '#libs/entropy';
import type { SourceError } from '#libs/quantis';
import { LogBudget } from '../log-budget.js';
import { logEvent } from '../log-events.js';
import type { LogEvent, LogFields, LogLevel } from '../log-events.js';

export class SourceLog {
  readonly #budget = new LogBudget();

  /** @param source its name. */
  constructor(private readonly source: string) {}

  up(now: number): void {
    this.#say('log', 'source-up', now);
  }

  failing(error: SourceError, now: number): void {
    const { status } = error.details;
    this.#say('warn', 'source-failing', now, { reason: error.code, detail: error.message, status });
  }

  /** A block that failed a test was dropped. */
  dropped({ failures }: Judgement, bytes: number, now: number): void {
    this.#say('warn', 'source-block-dropped', now, { tests: failures }, { bytes });
  }

  quarantined({ failures, copyOf, tier }: Judgement, waitMs: number, now: number): void {
    // The third soft failure is as bad as a hard one.
    const addedUp = tier === 'soft' ? true : undefined;
    this.#say('error', 'source-quarantined', now, { tests: failures, copyOf, addedUp, waitMs });
  }

  latched(now: number): void {
    this.#say('error', 'source-latched', now);
  }

  released(): void {
    logEvent('warn', 'source-released', { source: this.source });
  }

  #say(
    level: LogLevel,
    event: LogEvent,
    now: number,
    fields: LogFields = {},
    counts: Readonly<Record<string, number>> = {},
  ): void {
    const news = this.#budget.note(event, now, counts);
    if (news !== undefined) logEvent(level, event, { source: this.source, ...fields, ...news });
  }
}
