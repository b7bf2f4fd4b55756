/** Adds what a gateway counted to what the others hear, and answers with what they counted. */
import { redisScript } from '../../redis/redis-script.js';
import type { UsageCounts, UsageTotal } from '../exchange.js';
import { KEYS, PRELUDE } from './count-prelude.js';
import type { CommonArguments } from './count-prelude.js';

export interface ExchangeArguments extends CommonArguments {
  /** Of these counts, rising: what is sent a second time is counted once. */
  readonly number: number;
  /** What the others hear, JSON; empty: nothing was counted. */
  readonly entry: string;
  readonly usage: readonly UsageCounts[];
  /** The last entry that was read; empty at first. */
  readonly cursor: string;
  readonly today: number;
  /** Whether the gateway asks for all about `today`. */
  readonly isNewDay: boolean;
  /** All that it knows, if it is to join, and whether these counts are in it. */
  readonly known: { readonly totals: readonly UsageTotal[]; readonly haveBatch: boolean } | undefined;
}

/** 0: it has to join first. `entries` as XRANGE gives them; `totals`, the usage of today, if it joined or asks. */
export type ExchangeReply =
  | readonly [joined: 0]
  | readonly [
      joined: 1,
      nowMs: number,
      entries: readonly (readonly [id: Buffer, fields: readonly Buffer[]])[],
      cursor: Buffer,
      totals: readonly Buffer[] | null,
    ];

/** How long what was counted can be heard: also by a gateway that was away, or begins. */
const KEPT_MS = 10_000;
/** A gateway that was silent for this time is forgotten; if it comes back it joins again. */
const MEMBER_MS = 3_600_000;
/** Entries of one answer; the rest come with the next one. */
const MOST_ENTRIES = 500;

const SCRIPT = `${PRELUDE}
local number, entry, cursor, usage, known = args.number, args.entry, args.cursor, args.usage, args.known
local today, isNewDay = args.today, args.isNewDay
if not member and not known then return { 0 } end

local isNew = not member or member < number
if not member then
  for _, total in ipairs(known.totals) do
    local key = usageOf(total.day)
    for _, field in ipairs({ 'requests', 'bytes', 'claimed' }) do
      local name = field .. ':' .. total.client
      add(key, name, math.max(0, total[field] - amount(key, name)))
    end
  end
  local members = redis.call('HGETALL', MEMBERS)
  for i = 1, #members, 2 do
    local seen = string.match(members[i + 1], '^%d+ (%d+)$')
    if seen and now - tonumber(seen) > ${MEMBER_MS} then redis.call('HDEL', MEMBERS, members[i]) end
  end
end
if isNew then
  if entry ~= '' then
    redis.call('XADD', COUNTS, 'MINID', '~', now - ${KEPT_MS}, '*', 'from', id, 'number', number, 'counts', entry)
  end
  for _, counts in ipairs(usage) do
    local key = usageOf(counts.day)
    if member or not known.haveBatch then
      add(key, 'requests:' .. counts.client, counts.requests)
      add(key, 'bytes:' .. counts.client, counts.bytes)
      add(key, 'claimed:' .. counts.client, counts.unleased)
    end
  end
end
redis.call('HSET', MEMBERS, id, string.format('%.0f %.0f', number, now))
if not member or cursor == '' then cursor = string.format('%.0f', now - ${KEPT_MS}) end
local entries = redis.call('XRANGE', COUNTS, '(' .. cursor, '+', 'COUNT', ${MOST_ENTRIES})
local totals = (isNewDay or not member) and redis.call('HGETALL', usageOf(today))
return { 1, now, entries, cursor, totals }
`;

export const exchange = redisScript<ExchangeArguments, ExchangeReply>(SCRIPT, KEYS);
