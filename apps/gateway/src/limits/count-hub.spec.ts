import { beforeEach, describe, expect, it } from '@jest/globals';
import { CountHub } from './count-hub.js';
import type { Counts, Heard } from './exchange.js';
import { RateLimiter } from './rate-limiter.js';
import type { RatePolicy } from './rate-limiter.js';
import { UsageBook } from './usage-book.js';

const DAY_MS = 86_400_000;
const DAY = 20_000;
const POLICY: RatePolicy = {
  max: 5,
  windowMs: 64_000,
  burst: 5,
  burstMs: 1000,
  blockAfter: 3,
  blockMs: 60_000,
};
const NOTHING: Counts = { clients: [], networks: [], usage: [] };

describe('CountHub', () => {
  let now: number;
  let usage: UsageBook;
  let hub: CountHub;
  const limiter = (isShared: boolean): RateLimiter =>
    new RateLimiter({ now: () => now, maxKeys: Infinity, isShared });
  const used = (client: string, bytes: number, unleased = bytes): Counts => ({
    ...NOTHING,
    usage: [{ client, day: DAY, requests: 1, bytes, unleased }],
  });

  beforeEach(() => {
    now = 1_000_000;
    usage = new UsageBook({ now: () => DAY * DAY_MS + 1, monotonic: () => now }, false);
    hub = new CountHub({ clients: limiter(false), networks: limiter(false), usage }, () => now);
  });

  /** A worker's limiter that heard all that the hub says. */
  function hear(target: RateLimiter, heard: Heard): void {
    for (const { clients, ageMs } of heard.counts) for (const count of clients) target.hear(count, ageMs);
  }

  it('lets each worker hear what the others counted, once, and never its own', () => {
    hub.exchange(1, NOTHING, DAY);
    hub.exchange(2, NOTHING, DAY);
    hub.exchange(1, used('a', 10), DAY);
    now += 40;
    expect(hub.exchange(1, NOTHING, DAY).counts).toEqual([]);
    expect(hub.exchange(2, NOTHING, DAY).counts).toMatchObject([
      { usage: [{ client: 'a', bytes: 10 }], ageMs: 40 },
    ]);
    expect(hub.exchange(2, NOTHING, DAY).counts).toEqual([]);
    expect(usage.of('a')).toEqual({ requests: 1, bytes: 10 });
  });

  it('tells a worker that begins all that counts: windows, blocks, usage', () => {
    const first = limiter(true);
    hub.exchange(1, NOTHING, DAY);
    for (let i = 0; i < 5; i++) first.hit('a', POLICY);
    hub.exchange(1, { ...used('a', 70), clients: first.takeUnsent() }, DAY);
    now += 30_000;
    for (let i = 0; i < 3; i++) first.hit('a', POLICY);
    hub.exchange(1, { ...NOTHING, clients: first.takeUnsent() }, DAY);

    const heard = hub.exchange(2, NOTHING, DAY);
    const second = limiter(true);
    hear(second, heard);
    expect(second.hit('a', POLICY).refused).toBe('blocked');
    now += 60_001;
    expect(second.hit('a', POLICY).left).toBe(4); // by then the window is over, too
    expect(heard.totals).toEqual([{ client: 'a', day: DAY, requests: 1, bytes: 70, claimed: 70 }]);
  });

  it('leases no more of a quota than there is, also to a worker that is gone', () => {
    hub.exchange(1, used('a', 100), DAY);
    const ask = (need: number) => hub.lease({ client: 'a', day: DAY, need, bytesPerDay: 1000 });
    expect(ask(500)).toEqual({ result: 'leased', bytes: 500, claimed: 600 });
    hub.leave(1);
    expect(ask(400)).toEqual({ result: 'leased', bytes: 400, claimed: 1000 });
    expect(ask(1).result).toBe('wait');
    now += 1500;
    expect(ask(1)).toEqual({ result: 'used-up' });
  });

  it('asks for what others have left of their slices, and leases what they give back', () => {
    hub.exchange(1, NOTHING, DAY);
    hub.exchange(2, NOTHING, DAY);
    const ask = (need: number) => hub.lease({ client: 'a', day: DAY, need, bytesPerDay: 1000 });
    expect(ask(1000).result).toBe('leased');
    expect(ask(10)).toEqual({ result: 'wait', ms: 50 });
    expect(hub.exchange(1, NOTHING, DAY).recalled).toEqual([{ client: 'a', day: DAY }]);
    hub.giveBack({ client: 'a', day: DAY, bytes: 900 });
    expect(ask(10).result).toBe('leased');
  });
});
