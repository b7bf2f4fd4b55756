/**
 * Keeps attackers from filling the disk with lines of the audit trail, and from hiding other sources by doing so.
 *
 *   10 lines of its own -> an eighth for its site -> the first 10: what is kept for newcomers
 *                                                 -> later ones: what all known sources share
 *
 * The counts of what was left out are lines of their own. 10 events x 2 lines/s x about 300 bytes: 520 MB a day at most.
 */
import { addressNetwork, siteOf } from '../addresses/address-network.js';
import { BOUNDS } from '../bounds.js';
import { setLatest } from '../maps.js';

/** Lines at once, and again for each second that passed. */
const OF_SOURCE = { burst: BOUNDS.auditLinesOfSource, perSecond: 1 / 6 };
const OF_SITE = { burst: BOUNDS.auditLinesOfSite, perSecond: 1 / 4 };
const OF_NEWCOMERS = { burst: BOUNDS.auditLinesOfNewcomers, perSecond: 1 };
const OF_KNOWN = { burst: BOUNDS.auditLinesOfKnown, perSecond: 1 };
/** A source is a newcomer for its first lines, and again after it was silent for an hour. */
const NEWCOMER_LINES = BOUNDS.auditLinesOfSource;
const SILENCE_MS = 3_600_000;
/** Sources, and sites, that are remembered; the one unseen for longest is forgotten first. */
const MOST_REMEMBERED = 4096;

interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

interface Bucket {
  tokens: number;
  at: number;
}

interface Source extends Bucket {
  /** Lines that are still those of a newcomer. */
  news: number;
}

interface EventBudget {
  newcomers: Bucket;
  known: Bucket;
}

export class EventLimit<Event extends string> {
  readonly #sources = new Map<string, Source>();
  readonly #sites = new Map<string, Bucket>();
  readonly #events = new Map<Event, EventBudget>();

  /** Whether a line may be written at `now` (ms of a clock that never goes back). */
  admits(event: Event, address: string, now: number): boolean {
    const network = addressNetwork(address);
    const source = this.#source(`${event} ${network}`, now);
    const site = refilled(this.#sites.get(`${event} ${siteOf(network)}`), OF_SITE, now);
    setLatest(this.#sites, `${event} ${siteOf(network)}`, site, MOST_REMEMBERED);
    const { newcomers, known } = this.#budget(event, now);
    const shared = source.news > 0 && newcomers.tokens >= 1 ? newcomers : known;
    const buckets = [source, site, shared];
    if (buckets.some(({ tokens }) => tokens < 1)) return false;
    for (const bucket of buckets) bucket.tokens -= 1;
    source.news = Math.max(0, source.news - 1);
    return true;
  }

  #source(key: string, now: number): Source {
    const last = this.#sources.get(key);
    const known = last !== undefined && now - last.at < SILENCE_MS;
    const source = { ...refilled(last, OF_SOURCE, now), news: known ? last.news : NEWCOMER_LINES };
    setLatest(this.#sources, key, source, MOST_REMEMBERED);
    return source;
  }

  #budget(event: Event, now: number): EventBudget {
    const last = this.#events.get(event);
    const budget = {
      newcomers: refilled(last?.newcomers, OF_NEWCOMERS, now),
      known: refilled(last?.known, OF_KNOWN, now),
    };
    this.#events.set(event, budget);
    return budget;
  }
}

function refilled(bucket: Bucket | undefined, { burst, perSecond }: Rate, now: number): Bucket {
  if (bucket === undefined) return { tokens: burst, at: now };
  const tokens = Math.min(burst, bucket.tokens + ((now - bucket.at) / 1000) * perSecond);
  return { tokens, at: now };
}
