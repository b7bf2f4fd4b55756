/**
 * Sends one packet at a time to the gateway's /push and tells what became of it; nothing else of the answer is taken in.
 *
 * TLS 1.3 with verification that cannot be turned off, HTTP/1.1 on one kept connection, no redirect, no answer body, at most
 * 8 KiB of headers, ten seconds for all of it.
 */
import { Client } from 'undici';
import type { Dispatcher } from 'undici';
import { parseRetryAfter } from '#libs/retry';
import { errorCode } from '#libs/files';
import { MAX_ENTROPY_BYTES } from '#libs/crypto';
import type { CollectorSettings } from '../settings.js';
import { Carrier } from './carrier.js';
import type { Identity, TlsCredentials } from './identity.js';
import type { Outcome } from './outbox.js';

const CONNECT_TIMEOUT_MS = 5000;
const PUSH_TIMEOUT_MS = 10_000;
const MAX_HEADER_BYTES = 8192;

export class PushClient extends Carrier {
  readonly maxData = MAX_ENTROPY_BYTES;
  readonly #url: URL;
  #client: Client | undefined;
  #connectedWith: TlsCredentials | undefined;

  constructor(
    settings: Readonly<CollectorSettings>,
    private readonly identity: Identity,
  ) {
    super();
    this.#url = new URL(settings.QRNG_PUSH_URL);
  }

  /** Posts `packet`, once. Never rejects. At most one at a time. */
  send(packet: Buffer): Promise<Outcome> {
    const client = this.#current();
    return new Promise((resolve) => {
      const exchange = new Exchange(resolve);
      const timer = setTimeout(() => this.abort('timeout'), PUSH_TIMEOUT_MS);
      exchange.onSettled = () => clearTimeout(timer);
      client.dispatch(
        {
          path: this.#url.pathname + this.#url.search,
          method: 'POST',
          headers: { 'content-type': 'application/octet-stream' },
          body: packet,
        },
        exchange,
      );
    });
  }

  /** Cuts the connection; a packet on its way has an unknown outcome then. */
  abort(reason: string): void {
    const client = this.#client;
    this.#client = undefined;
    void client?.destroy(new Error(reason));
  }

  /** The connection; a new one after the credentials changed. */
  #current(): Client {
    const { tls } = this.identity;
    if (this.#client !== undefined && this.#connectedWith === tls) return this.#client;
    this.abort('credentials changed');
    this.#connectedWith = tls;
    this.#client = new Client(this.#url.origin, {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: PUSH_TIMEOUT_MS,
      bodyTimeout: PUSH_TIMEOUT_MS,
      pipelining: 1,
      allowH2: false,
      // Said outright, since NODE_TLS_REJECT_UNAUTHORIZED=0 would change the default.
      connect: { ...tls, minVersion: 'TLSv1.3', rejectUnauthorized: true, timeout: CONNECT_TIMEOUT_MS },
    });
    return this.#client;
  }
}

/** One request: listens to undici until the outcome is known. */
class Exchange implements Dispatcher.DispatchHandler {
  onSettled: () => void = () => undefined;
  #started = false;

  constructor(private readonly resolve: (outcome: Outcome) => void) {}

  /** Called before the first byte of the request is written: without it nothing was sent. */
  onRequestStart(): void {
    this.#started = true;
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200) return;
    const retryAfterMs = parseRetryAfter(headers['retry-after'], Date.now());
    this.#settle({ kind: 'answer', status, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
    // A body is not read: whoever sends one loses the connection.
    if (status !== 204 && headers['content-length'] !== '0') {
      controller.abort(new Error('answer with a body'));
    }
  }

  onResponseData(controller: Dispatcher.DispatchController): void {
    controller.abort(new Error('answer with a body'));
  }

  onRequestUpgrade(controller: Dispatcher.DispatchController): void {
    controller.abort(new Error('answer is an upgrade'));
  }

  onResponseEnd(): void {
    this.#settle({ kind: 'unknown', reason: 'no answer' }); // without effect after onResponseStart
  }

  onResponseError(_: unknown, error: Error): void {
    this.#settle({ kind: this.#started ? 'unknown' : 'unsent', reason: reasonOf(error) });
  }

  #settle(outcome: Outcome): void {
    this.onSettled();
    this.resolve(outcome);
  }
}

/** A short word for the log; messages of errors may quote what the other side sent. */
function reasonOf(error: Error): string {
  return 'code' in error ? errorCode(error) : error.message;
}
