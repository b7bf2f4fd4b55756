/**
 * Keeps whoever reaches the port from filling the disk with lines of the audit trail or the log.
 *
 * Each event has a budget for each source, so that one attacker does not hide another's lines, and one for all sources,
 * so that an attacker with many addresses finds an end too: 9 events x 1 line/s x about 300 bytes, 230 MB a day at most.
 * The counts of what was left out are lines of their own.
 */
import { addressNetwork } from '../addresses/address-network.js';

/** At once, and again for each second that passed. */
const PER_SOURCE = { burst: 10, perSecond: 1 / 6 };
const PER_EVENT = { burst: 100, perSecond: 1 };
/** Sources whose budget is remembered; the one unseen for longest is forgotten first. */
const MAX_SOURCES = 4096;

interface Bucket {
  tokens: number;
  at: number;
}

export class EventLimit<Event extends string> {
  readonly #sources = new Map<string, Bucket>();
  readonly #events = new Map<Event, Bucket>();

  /** Whether a line may be written at `now` (ms of a clock that never goes back). */
  admits(event: Event, source: string, now: number): boolean {
    const key = `${event} ${addressNetwork(source)}`;
    const ofSource = refilled(this.#sources.get(key), PER_SOURCE, now);
    const ofEvent = refilled(this.#events.get(event), PER_EVENT, now);
    const admitted = ofSource.tokens >= 1 && ofEvent.tokens >= 1;
    if (admitted) {
      ofSource.tokens -= 1;
      ofEvent.tokens -= 1;
    }
    this.#events.set(event, ofEvent);
    this.#remember(key, ofSource);
    return admitted;
  }

  #remember(key: string, bucket: Bucket): void {
    this.#sources.delete(key); // so that the order of the map is that of the last use
    this.#sources.set(key, bucket);
    const [oldest] = this.#sources.keys();
    if (this.#sources.size > MAX_SOURCES && oldest !== undefined) this.#sources.delete(oldest);
  }
}

function refilled(bucket: Bucket | undefined, { burst, perSecond }: typeof PER_SOURCE, now: number): Bucket {
  if (bucket === undefined) return { tokens: burst, at: now };
  const tokens = Math.min(burst, bucket.tokens + ((now - bucket.at) / 1000) * perSecond);
  return { tokens, at: now };
}
