/**
 * Sends one packet at a time to the gateway's /push and reports what became of it; nothing else of the answer is taken in.
 *
 * TLS 1.3 with verification that cannot be turned off, HTTP/1.1 on one kept connection, no redirect, no answer body, at most
 * 8 KiB for an answer, ten seconds for all of it.
 */
import { MAX_ENTROPY_BYTES } from '#libs/crypto';
import { errorCode } from '#libs/files';
import type { CollectorSettings } from '../settings.js';
import { Carrier } from './carrier.js';
import type { TlsCredentials } from './credentials.js';
import type { Identity } from './identity.js';
import type { Outcome } from './outbox.js';
import { PushConnection } from './push-connection.js';

const CONNECT_TIMEOUT_MS = 5000;
const PUSH_TIMEOUT_MS = 10_000;

export class PushClient extends Carrier {
  readonly maxData = MAX_ENTROPY_BYTES;
  readonly #url: URL;
  #connection: PushConnection | undefined;
  #connectedWith: TlsCredentials | undefined;
  #connecting: AbortController | undefined;

  constructor(
    settings: Readonly<CollectorSettings>,
    private readonly identity: Identity,
  ) {
    super();
    this.#url = new URL(settings.QRNG_PUSH_URL);
  }

  /** Posts `packet`, once. Never rejects. At most one at a time. */
  async send(packet: Buffer): Promise<Outcome> {
    const timer = setTimeout(() => this.abort('timeout'), PUSH_TIMEOUT_MS);
    try {
      const connection = await this.#current();
      return await connection.post(this.#url.pathname + this.#url.search, packet);
    } catch (error) {
      // There was no connection: not one byte of the packet left.
      return { kind: 'unsent', reason: errorCode(error) };
    } finally {
      clearTimeout(timer);
    }
  }

  /** Cuts the connection; a packet on its way has an unknown outcome then. */
  abort(reason: string): void {
    this.#connecting?.abort();
    this.#connection?.destroy(reason);
    this.#connection = undefined;
  }

  /** The connection; a new one after the credentials changed, or where the old one cannot be used again. */
  async #current(): Promise<PushConnection> {
    const { tls } = this.identity;
    if (this.#connectedWith === tls && this.#connection?.isUsable(performance.now()) === true) {
      return this.#connection;
    }
    this.abort('replaced');
    const connecting = new AbortController();
    this.#connecting = connecting;
    const timer = setTimeout(() => connecting.abort(), CONNECT_TIMEOUT_MS);
    try {
      this.#connection = await PushConnection.open(this.#url, tls, connecting.signal);
      this.#connectedWith = tls;
      return this.#connection;
    } finally {
      clearTimeout(timer);
      this.#connecting = undefined;
    }
  }
}
