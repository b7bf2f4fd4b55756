/** A client of a gateway under test: any request, the API with its key, /push as a collector. */
import { randomBytes } from 'node:crypto';
import { Agent, request } from 'undici';
import type { Dispatcher } from 'undici';
import { TestCollector } from './test-collector.js';

export type Environment = Record<string, string | undefined>;

export interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: Buffer;
  readonly text: string;
}

type RequestOptions = Omit<Dispatcher.RequestOptions, 'origin' | 'path' | 'method'> & {
  method?: Dispatcher.HttpMethod;
  dispatcher?: Dispatcher;
};

/** Talks to a gateway, with the keys to it. */
export class GatewayClient {
  readonly apiKey: string;
  /** A collector that holds the HMAC key; `collector.seal(data)` is its next packet. */
  readonly collector: TestCollector;
  readonly agent: Agent;

  constructor(
    readonly url: string,
    readonly env: Environment,
    ca: string,
  ) {
    this.apiKey = env['QRNG_API_KEY'] ?? '';
    this.collector = new TestCollector(env['QRNG_HMAC_SECRET_KEY'] ?? randomBytes(32).toString('hex'));
    this.agent = new Agent({ connect: { ca } });
  }

  /** Any request, without credentials unless `headers` has them. */
  async request(path: string, options: RequestOptions = {}): Promise<Answer> {
    const { statusCode, headers, body } = await request(this.url + path, {
      dispatcher: this.agent,
      ...options,
    });
    const bytes = Buffer.from(await body.arrayBuffer());
    return { status: statusCode, headers, body: bytes, text: bytes.toString() };
  }

  /** GET with the API key. */
  get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.request(path, { headers: { authorization: `Bearer ${this.apiKey}`, ...headers } });
  }

  /** POST /push of these bytes, as a collector sends them. */
  push(packet: Buffer, headers: Record<string, string> = {}): Promise<Answer> {
    return this.request('/push', {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream', ...headers },
      body: packet,
    });
  }

  /** Pushes `bytes` of entropy in packets of at most 1 MiB. */
  async fill(bytes: number): Promise<void> {
    for (let left = bytes; left > 0; left -= 1024 * 1024) {
      const { status } = await this.push(this.collector.seal(randomBytes(Math.min(left, 1024 * 1024))));
      if (status !== 204) throw new Error(`the push was answered ${status}`);
    }
  }

  /** The value of the sample of `/metrics` that starts with `series`, such as `qrng_pool_bytes`. */
  async metric(series: string): Promise<number | undefined> {
    const { text } = await this.get('/metrics');
    const line = text.split('\n').find((sample) => sample.startsWith(`${series} `));
    return line === undefined ? undefined : Number(line.slice(series.length + 1));
  }

  async close(): Promise<void> {
    await this.agent.destroy();
  }
}
