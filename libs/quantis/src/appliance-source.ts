/** Fetches raw bytes from a Quantis appliance over HTTPS: GET /api/2.0/streambytes?size=N. */
import { Client } from 'undici';
import type { Dispatcher } from 'undici';
import { wipeAndFree } from '#libs/entropy';
import { errorCode } from '#libs/files';
import { isSecureUrl } from '#libs/settings';
import { isText } from './is-text.js';
import { parseRetryAfter } from '#libs/retry';
import { ReadLimit } from './read-limit.js';
import { SourceError } from './source.js';
import type { EntropySource } from './source.js';
import { checksDates, expiryOf, trustedConnector } from './trusted-connector.js';
import type { Trust } from './trusted-connector.js';
import { fetchLimitMs, withDeadline } from './with-deadline.js';

const MAX_HEADER_BYTES = 8192;

export interface ApplianceOptions extends Trust {
  readonly name: string;
  /** `https:`, or `http:` to loopback; `size` is added to its query. */
  readonly url: string;
  /** For the connection, the headers and each pause in the body; for all of it, with time added for the size. */
  readonly timeoutMs: number;
}

export class ApplianceSource implements EntropySource {
  readonly name: string;
  readonly #path: string; // up to the number of bytes
  readonly #timeoutMs: number;
  readonly #client: Client;
  readonly #limit = new ReadLimit();
  #certificateExpiresAt: number | undefined;

  /** @throws {RangeError} when the URL is not https (or http to loopback), carries credentials, or a pin is not one. */
  constructor({ name, url, timeoutMs, ...trust }: ApplianceOptions) {
    if (!isSecureUrl(url)) {
      throw new RangeError(`source ${name}: https is needed, and no credentials in the URL`);
    }
    this.name = name;
    const { origin, pathname, searchParams } = new URL(url);
    searchParams.delete('size');
    searchParams.append('size', '');
    this.#path = `${pathname}?${searchParams.toString()}`;
    this.#timeoutMs = timeoutMs;
    this.#client = new Client(origin, {
      connect: trustedConnector(trust, timeoutMs, (socket) => {
        this.#limit.attach(socket);
        if (checksDates(trust)) this.#certificateExpiresAt = expiryOf(socket);
      }),
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      maxHeaderSize: MAX_HEADER_BYTES,
      allowH2: false,
    });
  }

  get certificateExpiresAt(): number | undefined {
    return this.#certificateExpiresAt;
  }

  /** One request; the connection is kept for the next one, and given up after any error. */
  async fetch(bytes: number, signal?: AbortSignal): Promise<Buffer> {
    try {
      return await withDeadline(fetchLimitMs(this.#timeoutMs, bytes), signal, (deadline) =>
        this.#request(bytes, deadline),
      );
    } catch (error) {
      throw asSourceError(error);
    }
  }

  async close(): Promise<void> {
    await this.#client.destroy();
  }

  async #request(bytes: number, signal: AbortSignal): Promise<Buffer> {
    this.#limit.expect(bytes);
    const response = await this.#client.request({
      method: 'GET',
      path: `${this.#path}${bytes}`,
      headers: { accept: 'application/octet-stream', 'accept-encoding': 'identity' },
      signal,
    });
    try {
      checkHead(response, bytes);
      return checkText(await readExactly(response.body, bytes));
    } finally {
      // A body that was not read to its end takes the connection with it: nothing of it can leak into the next answer.
      response.body.on('error', () => undefined).destroy();
    }
  }
}

function checkHead({ statusCode: status, headers }: Dispatcher.ResponseData, bytes: number): void {
  if (status >= 300 && status < 400) {
    throw new SourceError('redirect', `answered ${status}, a redirect, which is never followed`, { status });
  }
  // No other 2xx brings all that was asked for: 206 is a part of it.
  if (status !== 200) {
    const retryAfterMs = parseRetryAfter(headers['retry-after'], Date.now());
    throw new SourceError('status', `answered ${status}`, {
      status,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  }
  const type = String(headers['content-type'] ?? '').toLowerCase();
  if (/^(text\/html|application\/(json|xml|xhtml\+xml|problem\+json))\b/.test(type)) {
    throw new SourceError('content', `answered with a page or JSON, not with raw bytes`);
  }
  if (
    (headers['content-encoding'] ?? 'identity') !== 'identity' ||
    (headers['transfer-encoding'] ?? 'chunked') !== 'chunked'
  ) {
    throw new SourceError('content', 'answered with compressed bytes, not with raw bytes');
  }
  const length = headers['content-length'];
  if (length !== undefined && length !== String(bytes)) {
    throw new SourceError('length', `announced another length than the ${bytes} bytes asked for`);
  }
}

/** Holds at most `bytes` bytes and the one chunk that overshoots. */
async function readExactly(body: AsyncIterable<Buffer>, bytes: number): Promise<Buffer> {
  const out = Buffer.allocUnsafeSlow(bytes);
  let length = 0;
  for await (const chunk of body) {
    if (length + chunk.length > bytes) throw new SourceError('length', `sent more than ${bytes} bytes`);
    length += chunk.copy(out, length);
    wipeAndFree(chunk);
  }
  if (length < bytes) throw new SourceError('length', `sent ${length} of ${bytes} bytes`);
  return out;
}

function checkText(bytes: Buffer): Buffer {
  if (isText(bytes)) {
    throw new SourceError('content', 'answered with text (a page, hex, base64 or JSON), not with raw bytes');
  }
  return bytes;
}

function asSourceError(error: unknown): SourceError {
  if (error instanceof SourceError) return error;
  const code = errorCode(error);
  if (/^UND_ERR_\w+_TIMEOUT$/.test(code)) return new SourceError('timeout', `stood still (${code})`);
  if (code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH') {
    return new SourceError('length', 'sent another length than announced');
  }
  if (code === 'UND_ERR_HEADERS_OVERFLOW' || code.startsWith('HPE_') || code === 'HTTPParserError') {
    return new SourceError('protocol', `broke HTTP or its bounds (${code})`);
  }
  if (code === 'UND_ERR_DESTROYED' || code === 'UND_ERR_CLOSED') {
    return new SourceError('aborted', 'the source was closed');
  }
  return new SourceError('connection', `the connection broke (${code})`);
}
