/** What all connections share: the rooms in which they have their places, and the line in which strangers wait. */
import type { Room } from './room.js';
import type { Turns } from './turns.js';

export interface Hall {
  readonly strangers: Room;
  readonly known: Room;
  readonly turns: Turns;
  readonly now: () => number;
  /** Whether the gateway stops: then the kernel may go on with what it holds. */
  readonly isStopping: () => boolean;
  /** Has it looked soon what the kernel holds of answers. */
  readonly lookSoon: () => void;
}
