/** Clients that ask for entropy without a pause, on connections that stay open and on new ones, and forget no failure. */
import { Agent, request } from 'undici';

const WORKERS = 4;

export class ApiLoad {
  answered = 0;
  /** Everything that was not a 200 with 32 bytes of hex. */
  readonly failures: string[] = [];
  /** Connections of the workers that keep theirs. */
  connectionsOpened = 0;
  readonly #keepAlive: Agent;
  readonly #connectEachTime: Agent;
  readonly #rounds: number[] = [];
  readonly #workers: Promise<void>[];
  #stopped = false;

  constructor(
    private readonly url: string,
    ca: string,
    private apiKey: string,
  ) {
    this.#keepAlive = new Agent({ connect: { ca }, connections: WORKERS, pipelining: 1 });
    this.#keepAlive.on('connect', () => (this.connectionsOpened += 1));
    this.#connectEachTime = new Agent({ connect: { ca, maxCachedSessions: 0 }, pipelining: 0 });
    this.#workers = Array.from({ length: 2 * WORKERS }, (_, index) =>
      this.#work(index, index < WORKERS ? this.#keepAlive : this.#connectEachTime),
    );
  }

  /** The status that one request with this key is answered with. */
  async statusWith(apiKey: string): Promise<number> {
    const { statusCode, body } = await this.#ask(this.#connectEachTime, apiKey);
    await body.dump();
    return statusCode;
  }

  /** Uses this key from now on; resolves when no request with another one is on its way. */
  async changeOver(apiKey: string): Promise<void> {
    this.apiKey = apiKey;
    const before = [...this.#rounds];
    while (!this.#rounds.every((round, index) => round > (before[index] ?? 0) + 1)) {
      await new Promise((wake) => setTimeout(wake, 5));
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#workers);
    await this.#keepAlive.destroy();
    await this.#connectEachTime.destroy();
  }

  async #work(index: number, agent: Agent): Promise<void> {
    this.#rounds[index] = 0;
    while (!this.#stopped) {
      try {
        const { statusCode, body } = await this.#ask(agent, this.apiKey);
        const text = await body.text();
        if (statusCode === 200 && /^[0-9a-f]{64}$/.test(text)) this.answered += 1;
        else this.failures.push(`${statusCode} ${text}`);
      } catch (error) {
        this.failures.push(String(error));
      }
      this.#rounds[index] = (this.#rounds[index] ?? 0) + 1;
      await new Promise((wake) => setTimeout(wake, 5));
    }
  }

  #ask(agent: Agent, apiKey: string) {
    return request(`${this.url}/api/random?bytes=32`, {
      dispatcher: agent,
      headers: { authorization: `Bearer ${apiKey}` },
    });
  }
}
