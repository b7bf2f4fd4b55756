/**
 * One GET after the other over connections that are kept open. It follows no redirect, and gives nothing of an answer
 * that was cut off.
 */
import { Agent as HttpAgent, get as httpGet } from 'node:http';
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, get as httpsGet } from 'node:https';
import { QrngError } from './qrng-error.js';
import { refusal } from './refusal.js';
import type { ConnectionSettings } from './settings.js';

/** A connection has to be there within this time ... */
const CONNECT_MS = 10_000;
/** ... and something has to come within this one. The gateway gives up a stream after 30 s without entropy. */
const IDLE_MS = 45_000;
/** More connections than this are not open at once; requests beyond wait. */
const MAX_SOCKETS = 16;
/** No error body is longer. */
const MAX_PROBLEM_BYTES = 65_536;

/** Without a key what is open to everybody can be read. */
type TransportSettings = Omit<ConnectionSettings, 'apiKey'> & Partial<Pick<ConnectionSettings, 'apiKey'>>;

export class Transport {
  readonly #agent: HttpAgent;
  readonly #get: typeof httpsGet;
  readonly #settings: TransportSettings;
  readonly #preference: Record<string, string>;
  #key: string | undefined;

  /** @param preferences of the Prefer field (RFC 7240). */
  constructor(settings: TransportSettings, preferences: readonly string[] = []) {
    this.#settings = settings;
    this.#preference = preferences.length > 0 ? { prefer: preferences.join(', ') } : {};
    this.#key = this.#currentKey();
    const options = { keepAlive: true, maxSockets: MAX_SOCKETS };
    const isPlain = settings.url.protocol === 'http:';
    this.#agent = isPlain
      ? new HttpAgent(options)
      : new HttpsAgent({
          ...options,
          ca: settings.ca,
          rejectUnauthorized: true, // said outright, since NODE_TLS_REJECT_UNAUTHORIZED=0 would change the default
        });
    this.#get = isPlain ? httpGet : httpsGet;
  }

  /**
   * The body of a 200 answer, as a stream that fails when it is cut off.
   *
   * @param path with its query, such as `/api/random?bytes=32`.
   * @throws {QrngError} for every other answer, and without one.
   */
  async open(path: string, signal?: AbortSignal): Promise<IncomingMessage> {
    const answer = await this.#send(path, signal);
    if (answer.statusCode === 200) return answer;
    const body = await collect(answer, MAX_PROBLEM_BYTES);
    if (answer.statusCode === 401 && this.#hasNewKey()) return this.open(path, signal);
    throw refusal(answer.statusCode ?? 0, answer.headers, body.toString());
  }

  /**
   * The whole body of a 200 answer, and its header fields.
   *
   * @param most bytes that it may have.
   * @throws {QrngError}
   */
  async read(
    path: string,
    most: number,
    signal?: AbortSignal,
  ): Promise<{ readonly body: Buffer; readonly headers: IncomingHttpHeaders }> {
    const answer = await this.open(path, signal);
    return { body: await collect(answer, most), headers: answer.headers };
  }

  close(): void {
    this.#agent.destroy();
  }

  /** A kept connection may have been closed by the other end as the request went out: then it is sent once more. */
  async #send(path: string, signal: AbortSignal | undefined): Promise<IncomingMessage> {
    const first = this.#request(path, signal);
    try {
      return await answerOf(first);
    } catch (error) {
      if (!first.reusedSocket || (error as NodeJS.ErrnoException).code !== 'ECONNRESET') {
        throw connectionError(error, this.#settings.url);
      }
    }
    return answerOf(this.#request(path, signal)).catch((error: unknown) => {
      throw connectionError(error, this.#settings.url);
    });
  }

  #request(path: string, signal: AbortSignal | undefined): ClientRequest {
    const { url } = this.#settings;
    return this.#get(`${url.origin}${url.pathname.replace(/\/$/, '')}${path}`, {
      agent: this.#agent,
      headers: {
        ...(this.#key === undefined ? {} : { authorization: `Bearer ${this.#key}` }),
        accept: '*/*',
        ...this.#preference,
      },
      timeout: IDLE_MS,
      signal,
    });
  }

  #currentKey(): string | undefined {
    const { apiKey } = this.#settings;
    return typeof apiKey === 'function' ? apiKey() : apiKey;
  }

  #hasNewKey(): boolean {
    const refused = this.#key;
    this.#key = this.#currentKey();
    return this.#key !== refused;
  }
}

function answerOf(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((done, failed) => {
    request.once('response', done).on('error', failed); // one that comes later must not go unheard either
    request.once('timeout', () => request.destroy(new Error(`nothing came for ${IDLE_MS / 1000} s`)));
    request.once('socket', (socket) => {
      if (!socket.connecting) return;
      const give = (): unknown => request.destroy(new Error(`no connection within ${CONNECT_MS / 1000} s`));
      const timer = setTimeout(give, CONNECT_MS);
      socket.once('connect', () => clearTimeout(timer)).once('close', () => clearTimeout(timer));
    });
  });
}

async function collect(answer: IncomingMessage, most: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > most) throw new QrngError('unexpected', `the gateway sent more than ${most} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    throw brokenAnswer(error);
  }
  return Buffer.concat(chunks, length);
}

/** What breaks an answer on its way; an abort of the caller's goes through as it is. */
export function brokenAnswer(error: unknown): unknown {
  if (error instanceof QrngError || isAbort(error)) return error;
  return new QrngError('unreachable', 'the connection to the gateway broke within an answer', {
    cause: error,
  });
}

function connectionError(error: unknown, { origin }: URL): unknown {
  if (isAbort(error)) return error;
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (/^(CERT_|DEPTH_ZERO_|ERR_TLS_CERT|HOSTNAME_|INVALID_|SELF_SIGNED_|UNABLE_TO_)/.test(code)) {
    const hint = 'QRNG_CA_FILE names the CA to trust';
    return new QrngError('untrusted', `the certificate of ${origin} is not trusted (${code}); ${hint}`, {
      cause: error,
    });
  }
  const reason = code === '' ? message : code;
  return new QrngError('unreachable', `no gateway at ${origin} (${reason})`, { cause: error });
}

function isAbort(error: unknown): boolean {
  return (error as { readonly name?: unknown } | null)?.name === 'AbortError';
}
