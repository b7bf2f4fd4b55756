/** A server of the QRNG Open API under test: sends requests as its clients do, and remembers what it said of itself. */
import { setTimeout } from 'node:timers/promises';
import { request } from 'undici';
import type { Dispatcher } from 'undici';

/** Clients give up after 5 s. */
const TIMEOUT_MS = 5000;
/** A server that is busy is asked again as it says, this often, if it names no more than this many seconds. */
const RETRIES = 2;
const LONGEST_RETRY_SECS = 60;

export type AuthenticationHeader = 'bearer' | 'x-api-key';

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly allow: string;
  /** The body, if it is JSON. */
  readonly json: unknown;
}

export type JsonObject = Readonly<Record<string, unknown>>;

/** The server had no entropy, or found that too much is asked: nothing can be said of the rule. */
export class Unavailable extends Error {}

export class Server {
  #capabilities: Promise<Answer> | undefined;

  /**
   * @param url ends where `/capabilities` is appended, usually in `/v1`.
   * @param token none where a client certificate is enough.
   * @param pauseMs before each request: servers limit how many come in a second.
   */
  constructor(
    private readonly url: string,
    private readonly token: string | undefined,
    readonly header: AuthenticationHeader,
    private readonly dispatcher: Dispatcher,
    private readonly pauseMs = 100,
  ) {}

  get hasToken(): boolean {
    return this.token !== undefined;
  }

  /** The same server, asked with the token in another header, or without any. */
  as(header: AuthenticationHeader | 'none'): Server {
    const token = header === 'none' ? undefined : this.token;
    return new Server(this.url, token, header === 'none' ? 'bearer' : header, this.dispatcher, this.pauseMs);
  }

  get(route: string): Promise<Answer> {
    return this.#send('GET', route);
  }

  /** @param body JSON as it is, or what becomes JSON. */
  post(body: object | string, type = 'application/json'): Promise<Answer> {
    return this.#send('POST', 'entropy', typeof body === 'string' ? body : JSON.stringify(body), type);
  }

  /** What GET capabilities answers, asked once. */
  capabilities(): Promise<Answer> {
    return (this.#capabilities ??= this.get('capabilities'));
  }

  /** The member `entropy` of the capabilities; empty when there is none. */
  async bounds(): Promise<JsonObject> {
    return objectOf(objectOf((await this.capabilities()).json)['entropy']);
  }

  async #send(method: 'GET' | 'POST', route: string, body?: string, type?: string): Promise<Answer> {
    for (let retries = RETRIES; ; retries--) {
      await setTimeout(this.pauseMs);
      const answer = await this.#sendOnce(method, route, body, type);
      if (typeof answer !== 'string') return answer;
      const secs = Number(answer);
      if (retries === 0 || !(secs <= LONGEST_RETRY_SECS)) {
        throw new Unavailable(`it is busy, for ${answer} s`);
      }
      await setTimeout(secs * 1000);
    }
  }

  /** The answer, or the Retry-After of one that says that there is no entropy or that too much was asked. */
  async #sendOnce(
    method: 'GET' | 'POST',
    route: string,
    body: string | undefined,
    type: string | undefined,
  ): Promise<Answer | string> {
    const answer = await request(`${this.url}/${route}`, {
      method,
      dispatcher: this.dispatcher,
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
      headers: { ...this.#credentials(), ...(type === undefined ? {} : { 'content-type': type }) },
      body: body ?? null,
    });
    const text = await answer.body.text();
    const { statusCode: status, headers } = answer;
    if (status === 429 || status === 503) return String(headers['retry-after'] ?? 1);
    return {
      status,
      type: String(headers['content-type'] ?? ''),
      allow: String(headers['allow'] ?? ''),
      json: jsonOf(text),
    };
  }

  #credentials(): Record<string, string> {
    if (this.token === undefined) return {};
    return this.header === 'bearer' ? { authorization: `Bearer ${this.token}` } : { 'x-api-key': this.token };
  }
}

/** The value as an object; empty if it is none. */
export function objectOf(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
