/** The exchange over Redis: counts through a stream, quotas in a hash for each day. */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../clock.js';
import type { RedisConnection } from '../../redis/redis-connection.js';
import { RedisError } from '../../redis/redis-error.js';
import type { RedisScript } from '../../redis/redis-script.js';
import { ExchangeError } from '../exchange.js';
import type {
  ClientDay,
  Counts,
  Exchange,
  Heard,
  Slice,
  SliceRequest,
  SliceRest,
  UsageCounts,
  UsageTotal,
} from '../exchange.js';
import { setLatest } from '../../maps.js';
import type { CommonArguments } from './count-prelude.js';
import { exchange } from './exchange-script.js';
import type { ExchangeArguments, ExchangeReply } from './exchange-script.js';
import { giveBack, lease } from './slice-scripts.js';

/** Gateways of which is remembered what was heard; each start of one is another. */
const MOST_MEMBERS = 256;

interface Batch {
  readonly number: number;
  readonly counts: Counts;
  /** Milliseconds of the monotonic clock. */
  readonly takenAt: number;
}

export class RedisExchange implements Exchange {
  readonly #id = randomUUID();
  /** The last number heard of each gateway: a Redis that lost its data may get the same counts twice. */
  readonly #heard = new Map<string, number>();
  #batch: Batch | undefined;
  #confirmed = 0;
  #cursor = '';
  #day: number | undefined;

  constructor(
    private readonly redis: RedisConnection,
    private readonly clock: Clock,
  ) {}

  async exchange(take: () => Counts, known: () => readonly UsageTotal[], today: number): Promise<Heard> {
    if (this.redis.fault !== undefined) throw new ExchangeError(`Redis ${this.redis.fault}`);
    // Whether Redis can have counted the batch already: then, if it lost its data, all that is known contains it.
    const isResent = this.#batch !== undefined;
    const batch = (this.#batch ??= {
      number: this.#confirmed + 1,
      counts: take(),
      takenAt: this.clock.monotonic(),
    });
    let reply = await this.#send(batch, today, undefined);
    if (reply[0] === 0) {
      const totals = isResent ? known() : without(known(), batch.counts.usage);
      reply = await this.#send(batch, today, { totals, haveBatch: isResent });
    }
    if (reply[0] === 0) throw new ExchangeError('Redis did not let this gateway join');
    this.#batch = undefined;
    this.#confirmed = batch.number;
    this.#day = today;
    return this.#read(reply, today);
  }

  async lease(request: SliceRequest): Promise<Slice> {
    const [result, first = 0, claimed = 0] = await this.#run(lease, { ...this.#common(), ...request });
    switch (String(result)) {
      case 'leased':
        return { result: 'leased', bytes: first, claimed };
      case 'wait':
        return { result: 'wait', ms: first };
      default:
        return { result: 'used-up' };
    }
  }

  async giveBack(slice: SliceRest): Promise<void> {
    await this.#run(giveBack, { ...this.#common(), ...slice });
  }

  #send(
    { number, counts, takenAt }: Batch,
    today: number,
    known: ExchangeArguments['known'],
  ): Promise<ExchangeReply> {
    const isEmpty = counts.clients.length + counts.networks.length + counts.usage.length === 0;
    const entry = isEmpty ? '' : JSON.stringify({ ...counts, ageMs: this.clock.monotonic() - takenAt });
    const { usage } = counts;
    const common = { ...this.#common(), cursor: this.#cursor, today, isNewDay: today !== this.#day };
    return this.#run(exchange, { ...common, number, entry, usage, known });
  }

  #common(): CommonArguments {
    return { id: this.#id, confirmed: this.#confirmed };
  }

  #read([, nowMs, entries, cursor, totals]: ExchangeReply & { readonly 0: 1 }, today: number): Heard {
    this.#cursor = String(entries.at(-1)?.[0] ?? cursor);
    const counts: Heard['counts'][number][] = [];
    const recalled: ClientDay[] = [];
    for (const [id, pairs] of entries) {
      const fields = fieldsOf(pairs);
      const from = fields.get('from') ?? '';
      if (from === this.#id) continue;
      const recall = fields.get('recall');
      if (recall !== undefined) recalled.push(JSON.parse(recall) as ClientDay);
      else if (this.#isNew(from, Number(fields.get('number')))) {
        counts.push(countsOf(fields.get('counts') ?? '', Math.max(0, nowMs - parseInt(String(id), 10))));
      }
    }
    if (totals === null) return { counts, recalled };
    // The totals contain the usage of all these entries.
    return {
      counts: counts.map((others) => ({ ...others, usage: [] })),
      recalled,
      totals: totalsOf(totals, today),
    };
  }

  #isNew(from: string, number: number): boolean {
    if (number <= (this.#heard.get(from) ?? 0)) return false;
    setLatest(this.#heard, from, number, MOST_MEMBERS);
    return true;
  }

  async #run<Arguments, Reply>(script: RedisScript<Arguments, Reply>, args: Arguments): Promise<Reply> {
    try {
      return await this.redis.runScript(script, args);
    } catch (error) {
      if (!(error instanceof RedisError)) throw error;
      throw new ExchangeError(error.message, { cause: error });
    }
  }
}

function countsOf(entry: string, ageMs: number): Counts & { readonly ageMs: number } {
  const counts = JSON.parse(entry) as Counts & { readonly ageMs: number };
  return { ...counts, ageMs: ageMs + counts.ageMs };
}

/** Totals as they were before `usage` was counted. */
function without(totals: readonly UsageTotal[], usage: readonly UsageCounts[]): UsageTotal[] {
  return totals.map((total) => {
    const own = usage.find(({ client, day }) => client === total.client && day === total.day);
    if (own === undefined) return total;
    const { requests, bytes, claimed } = total;
    return {
      ...total,
      requests: requests - own.requests,
      bytes: bytes - own.bytes,
      claimed: claimed - own.unleased,
    };
  });
}

function fieldsOf(pairs: readonly Buffer[]): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (let i = 0; i < pairs.length; i += 2) fields.set(String(pairs[i]), String(pairs[i + 1]));
  return fields;
}

function totalsOf(pairs: readonly Buffer[], day: number): UsageTotal[] {
  const totals = new Map<string, UsageTotal>();
  for (const [name, value] of fieldsOf(pairs)) {
    const [field = '', client = ''] = name.split(':');
    const total = totals.get(client) ?? { client, day, requests: 0, bytes: 0, claimed: 0 };
    if (field in total) totals.set(client, { ...total, [field]: Number(value) });
  }
  return [...totals.values()];
}
