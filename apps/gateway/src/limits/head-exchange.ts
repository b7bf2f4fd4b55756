/** The exchange as a worker has it: the head hears what was counted here, and says what its other workers counted. */
import { declareCall, declareNotice } from '../link/call.js';
import type { Channel } from '../link/channel.js';
import { ChannelError } from '../link/channel.js';
import { ExchangeError } from './exchange.js';
import type { Counts, Exchange, Heard, Slice, SliceRequest, SliceRest, UsageTotal } from './exchange.js';

export const COUNTS = declareCall<{ counts: Counts; today: number }, Heard>('counts');
export const SLICE = declareCall<SliceRequest, Slice>('slice');
export const GIVE_BACK = declareNotice<SliceRest>('give-back');

export class HeadExchange implements Exchange {
  constructor(private readonly head: Channel) {}

  /** A head that is gone ends its workers, so nothing is ever sent again, nor asked of what is known here. */
  exchange(take: () => Counts, _known: () => readonly UsageTotal[], today: number): Promise<Heard> {
    return this.#reaching(this.head.call(COUNTS, { counts: take(), today }));
  }

  lease(request: SliceRequest): Promise<Slice> {
    return this.#reaching(this.head.call(SLICE, request));
  }

  giveBack(slice: SliceRest): Promise<void> {
    this.head.tell(GIVE_BACK, slice);
    return Promise.resolve();
  }

  async #reaching<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      if (!(error instanceof ChannelError)) throw error;
      throw new ExchangeError(error.message, { cause: error });
    }
  }
}
