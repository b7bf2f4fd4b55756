/** Says in the log what happens to the mixing: moods once as they change, blocks that were dropped some times an hour. */
import { LogBudget } from '../log-budget.js';
import { logEvent } from '../log-events.js';

type Mood = 'mixing-restored' | 'mixing-degraded' | 'mixing-stopped';

const LEVELS = { 'mixing-restored': 'log', 'mixing-degraded': 'warn', 'mixing-stopped': 'error' } as const;

export class MixerLog {
  readonly #budget = new LogBudget();
  #mood: Mood | undefined;

  /** Says when sources drop out or come back; `minimum` of them must contribute. */
  mood(sources: readonly { readonly name: string; readonly stateName: string }[], minimum: number): void {
    if (sources.length < 2) return;
    const down = sources.filter(({ stateName }) => stateName !== 'up').map(({ name }) => name);
    const up = sources.length - down.length;
    const mood: Mood =
      up < minimum ? 'mixing-stopped' : down.length > 0 ? 'mixing-degraded' : 'mixing-restored';
    if (mood === this.#mood) return;
    this.#mood = mood;
    const news = this.#budget.note(mood, performance.now());
    if (news !== undefined) logEvent(LEVELS[mood], mood, { up, minimum, down, ...news });
  }

  /** A mixed block failed these tests. `now` is monotonic ms. */
  dropped(tests: readonly string[], bytes: number, now: number): void {
    const news = this.#budget.note('mixed-block-dropped', now, { bytes });
    if (news !== undefined) logEvent('error', 'mixed-block-dropped', { tests, ...news });
  }

  /** Nothing is mixed for `waitMs`, or until an operator releases it. */
  stopped(latched: boolean, waitMs: number, now: number): void {
    const event = latched ? 'mixed-latched' : 'mixed-quarantined';
    const news = this.#budget.note(event, now);
    if (news !== undefined) logEvent('error', event, { waitMs: latched ? undefined : waitMs, ...news });
  }

  released(): void {
    logEvent('warn', 'mixed-released');
  }
}
