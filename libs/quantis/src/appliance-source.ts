/** Fetches raw bytes from a Quantis appliance over HTTPS: GET /api/2.0/streambytes?size=N. */
import { wipeAndFree } from '#libs/entropy';
import { isSecureUrl } from '#libs/settings';
import { ApplianceConnection } from './appliance-connection.js';
import { isText } from './is-text.js';
import { SourceError } from './source.js';
import type { EntropySource } from './source.js';
import { TrustedConnector } from './trusted-connector.js';
import type { Trust } from './trusted-connector.js';
import { fetchLimitMs, withDeadline } from './with-deadline.js';

export interface ApplianceOptions extends Trust {
  readonly name: string;
  /** `https:`, or `http:` to loopback; `size` is added to its query. */
  readonly url: string;
  /** For a fetch with its connection, with time added for the size. */
  readonly timeoutMs: number;
}

export class ApplianceSource implements EntropySource {
  readonly name: string;
  readonly #path: string; // up to the number of bytes
  readonly #timeoutMs: number;
  readonly #connector: TrustedConnector;
  #connection: ApplianceConnection | undefined;
  #closed = false;

  /** @throws {RangeError} when the URL is not https (or http to loopback), carries credentials, or a pin is not one. */
  constructor({ name, url, timeoutMs, ...trust }: ApplianceOptions) {
    if (!isSecureUrl(url)) {
      throw new RangeError(`source ${name}: https is needed, and no credentials in the URL`);
    }
    this.name = name;
    const { pathname, searchParams } = new URL(url);
    searchParams.delete('size');
    searchParams.append('size', '');
    this.#path = `${pathname}?${searchParams.toString()}`;
    this.#timeoutMs = timeoutMs;
    this.#connector = new TrustedConnector(new URL(url), trust);
  }

  get certificateExpiresAt(): number | undefined {
    return this.#connector.certificateExpiresAt;
  }

  /** One at a time; the connection is kept for the next one, and given up after any error. */
  async fetch(bytes: number, signal?: AbortSignal): Promise<Buffer> {
    return withDeadline(fetchLimitMs(this.#timeoutMs, bytes), signal, (deadline) =>
      this.#request(bytes, deadline),
    );
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#connection?.destroy(closed());
    return Promise.resolve();
  }

  async #request(bytes: number, signal: AbortSignal): Promise<Buffer> {
    const connection = await this.#current(signal);
    const giveUp = (): void => connection.destroy(signal.reason as SourceError);
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      return checkText(await connection.get(`${this.#path}${bytes}`, bytes));
    } catch (error) {
      connection.destroy(closed());
      throw error;
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  }

  async #current(signal: AbortSignal): Promise<ApplianceConnection> {
    this.#checkOpen();
    if (this.#connection?.isUsable(performance.now()) === true) return this.#connection;
    this.#connection?.destroy(closed());
    const connection = await ApplianceConnection.open(this.#connector, signal);
    try {
      signal.throwIfAborted();
      this.#checkOpen();
    } catch (error) {
      connection.destroy(closed());
      throw error;
    }
    this.#connection = connection;
    return connection;
  }

  #checkOpen(): void {
    if (this.#closed) throw closed();
  }
}

function checkText(bytes: Buffer): Buffer {
  if (!isText(bytes)) return bytes;
  wipeAndFree(bytes);
  throw new SourceError('content', 'answered with text (a page, hex, base64 or JSON), not with raw bytes');
}

function closed(): SourceError {
  return new SourceError('aborted', 'the source was closed');
}
