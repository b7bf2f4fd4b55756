/**
 * What gateways of a shared pool tell each other of packets and statements, in a stream in Redis: any of them may serve bytes that
 * another one has accepted.
 *
 *   packets and statements accepted here -> stream (the last ten minutes) -> books of all gateways
 */
import type { LineageTelemetry } from '#libs/crypto';
import type { PacketRef } from '../pool/packet-ref.js';
import { RedisError } from '../redis/redis-error.js';
import type { RedisConnection } from '../redis/redis-connection.js';
import { redisScript } from '../redis/redis-script.js';
import type { LineageBook } from './lineage-book.js';

/** What waits to be sent, at most; a Redis that is away for long loses proofs, not receipts. */
const MOST_WAITING = 20_000;
const MOST_READ = 5000;

interface ExchangeArguments {
  readonly after: string;
  readonly items: readonly string[];
}

type Item =
  | { readonly collector: string; readonly boot: string; readonly sequence: string; readonly digest: string }
  | { readonly collector: string; readonly lineage: LineageTelemetry };

const exchange = redisScript<ExchangeArguments, readonly [id: Buffer, fields: readonly Buffer[]][]>(
  `
local stream = KEYS[1]
local args = cjson.decode(ARGV[1])
for _, item in ipairs(args.items) do redis.call('XADD', stream, 'MAXLEN', '~', 65536, '*', 'item', item) end
redis.call('EXPIRE', stream, 600)
return redis.call('XRANGE', stream, '(' .. args.after, '+', 'COUNT', ${MOST_READ})
`,
  ['lineage'],
);

export class LineageExchange {
  #waiting: string[] = [];
  #after = '0-0';

  constructor(
    private readonly redis: Pick<RedisConnection, 'runScript'>,
    private readonly book: LineageBook,
  ) {}

  note({ collector, boot, sequence, digest }: PacketRef): void {
    const numbers = { boot: boot.toString(), sequence: sequence.toString() };
    this.#add({ collector, ...numbers, digest: digest.toString('base64') });
  }

  state(collector: string, lineage: LineageTelemetry): void {
    this.#add({ collector, lineage });
  }

  /** Sends what waits, and takes over what others have sent. Without Redis it waits on. */
  async run(): Promise<void> {
    const items = this.#waiting.splice(0, MOST_READ);
    try {
      const entries = await this.redis.runScript(exchange, { after: this.#after, items });
      for (const [id, [, item]] of entries) {
        this.#after = id.toString();
        this.#take(JSON.parse(String(item)) as Item);
      }
    } catch (error) {
      if (!(error instanceof RedisError)) throw error;
      if (error.undone) this.#waiting.unshift(...items);
    }
  }

  #add(item: Item): void {
    this.#waiting.push(JSON.stringify(item));
    if (this.#waiting.length > MOST_WAITING) this.#waiting.splice(0, MOST_READ);
  }

  #take(item: Item): void {
    if ('lineage' in item) {
      this.book.state(item.collector, item.lineage);
      return;
    }
    const { collector, boot, sequence, digest } = item;
    const numbers = { boot: BigInt(boot), sequence: BigInt(sequence) };
    this.book.note({ collector, ...numbers, digest: Buffer.from(digest, 'base64') });
  }
}
