/** The library's centre: a gateway as a source of bytes, numbers, strings and orders. */
import type { IncomingHttpHeaders } from 'node:http';
import * as answers from './answers.js';
import * as checked from './draws.js';
import type { Draws } from './draws.js';
import { MixedDraws } from './mixed-draws.js';
import { QrngError } from './qrng-error.js';
import type { StatusReport, UsageReport } from './reports.js';
import type { ConnectionSettings, Environment } from './settings.js';
import { gatewayUrl, readSettings } from './settings.js';
import { brokenAnswer, Transport } from './transport.js';
import { waitingFor } from './waiting.js';
import type { OnWait } from './waiting.js';

export interface ClientOptions extends Omit<ConnectionSettings, 'url'> {
  /** Where the gateway is: `https://...`, or `http://localhost...`. */
  readonly url: string | URL;
  /**
   * Wait when the gateway has too little entropy, limits the key, or cannot be reached: as long as its Retry-After says.
   * Without it such a request fails at once.
   */
  readonly wait?: boolean | undefined;
  /** Hears of each wait. */
  readonly onWait?: OnWait | undefined;
  /**
   * Each draw asks for a receipt; with `full` it reveals the bytes drawn: for draws that are public. A gateway without receipts
   * draws nevertheless, and `onReceipt` hears nothing.
   */
  readonly receipt?: 'plain' | 'full' | undefined;
  /** Hears of the receipt of each draw. */
  readonly onReceipt?: ((receipt: ReceiptOfDraw) => void) | undefined;
}

export interface ReceiptOfDraw {
  /** For `receipt(index)`. */
  readonly index: number;
  /** The body of the answer, byte for byte. */
  readonly answer: Buffer;
}

export type DrawOptions = Pick<ClientOptions, 'wait' | 'onWait' | 'receipt' | 'onReceipt'>;

/** The longest time that a gateway waits for entropy when it is asked to. */
const GATEWAY_WAITS_SECS = 30;
/** No answer with JSON is longer: 10000 numbers, or 100 strings of 256 characters of four bytes. */
const MOST_JSON_BYTES = 1_048_576;
/** No receipt is longer: 256 packets with their proofs, and 64 KiB of bytes. */
export const MOST_RECEIPT_BYTES = 4 * 1024 * 1024;

/** Draws from a gateway. `close()` ends its connections. */
export class QrngClient implements Draws {
  readonly #transport: Transport;
  readonly #options: DrawOptions;

  /** @throws {SettingsError} when the address is none that a key may be sent to. */
  constructor(options: ClientOptions) {
    this.#transport = new Transport(
      { ...options, url: gatewayUrl(String(options.url)) },
      preferences(options),
    );
    this.#options = options;
  }

  /**
   * The gateway that QRNG_URL, QRNG_API_KEY (or QRNG_API_KEY_FILE) and QRNG_CA_FILE describe.
   *
   * @throws {SettingsError} naming each variable that is missing or wrong.
   */
  static fromEnvironment(env: Environment, options: DrawOptions = {}): QrngClient {
    return new QrngClient({ ...readSettings(env), ...options });
  }

  /** The same draws, made here from the gateway's bytes mixed with this machine's generator: for anything secret. */
  mixed(): Draws {
    return new MixedDraws((count, signal) => this.bytes(count, signal));
  }

  async bytes(count: number, signal?: AbortSignal): Promise<Buffer> {
    checked.checkedBytes(count);
    const path = `/api/random?bytes=${count}&encoding=binary`;
    return answers.exactly(await this.#read(path, count, signal, answers.octets), count);
  }

  /**
   * Any number of bytes, up to 16 MiB, in chunks as they come: at the pace of pool and caller.
   *
   * @throws {QrngError} `unreachable` when the stream ends early; what came until then is good.
   */
  async *stream(count: number, signal?: AbortSignal): AsyncGenerator<Buffer, void, void> {
    const body = await this.#waiting(
      () => this.#transport.open(`/api/stream?bytes=${count}`, signal),
      signal,
    );
    let left = count;
    try {
      answers.octets(body.headers);
      for await (const chunk of body as AsyncIterable<Buffer>) {
        left -= chunk.length;
        if (left < 0) break;
        yield chunk;
      }
    } catch (error) {
      body.destroy();
      throw brokenAnswer(error);
    }
    if (left !== 0) throw new QrngError('unexpected', `the gateway's stream is not of ${count} bytes`);
  }

  async integers(options: checked.IntegersOptions = {}, signal?: AbortSignal): Promise<number[]> {
    const { count, min, max, unique } = checked.checkedIntegers(options);
    const answer = await this.#json('integers', texts({ count, min, max, unique }), signal);
    const values = answers.listOf(answer, count, answers.isWholeNumberIn(min, max), 'integers');
    return unique ? answers.different(values) : values;
  }

  async floats(options: checked.CountOptions = {}, signal?: AbortSignal): Promise<number[]> {
    const { count } = checked.checkedFloats(options);
    return answers.listOf(
      await this.#json('floats', texts({ count }), signal),
      count,
      answers.isNumberIn(0, 1),
      'floats',
    );
  }

  async gaussians(options: checked.GaussiansOptions = {}, signal?: AbortSignal): Promise<number[]> {
    const { count, mean, stddev } = checked.checkedGaussians(options);
    const query = { count, mean: mean.toExponential(), stddev: stddev.toExponential() };
    const isFinite = answers.isNumberIn(-Number.MAX_VALUE, Infinity);
    return answers.listOf(await this.#json('gaussians', texts(query), signal), count, isFinite, 'gaussians');
  }

  async strings(options: checked.StringsOptions = {}, signal?: AbortSignal): Promise<string[]> {
    const { count, length, alphabet } = checked.checkedStrings(options);
    const answer = await this.#json('strings', texts({ count, length, alphabet }), signal);
    return answers.listOf(answer, count, answers.isString(length, alphabet), 'strings');
  }

  async uuids(options: checked.UuidsOptions = {}, signal?: AbortSignal): Promise<string[]> {
    const { count, version } = checked.checkedUuids(options);
    const answer = await this.#json('uuid', texts({ count, version }), signal);
    return answers.listOf(answer, count, answers.isUuid(version), `UUIDs of version ${version}`);
  }

  async permutation(options: checked.PermutationOptions, signal?: AbortSignal): Promise<number[]> {
    const { n } = checked.checkedPermutation(options);
    return answers.permutationOf(await this.#json('permutation', texts({ n }), signal), { n });
  }

  /**
   * The receipt of a draw of this key, a file that `verifyReceipt` verifies. One that is asked for in the first seconds may lack the
   * signature of the collector, which comes with its next heartbeat.
   */
  async receipt(index: number, signal?: AbortSignal): Promise<string> {
    return (await this.#read(`/api/receipts/${index}`, MOST_RECEIPT_BYTES, signal)).toString();
  }

  /** Pool, feed, throughput, collectors and warnings. Takes no entropy; the key needs the scope `status`. */
  async status(signal?: AbortSignal): Promise<StatusReport> {
    return answers.objectOf(await this.#json('status', {}, signal)) as StatusReport;
  }

  /** What this key has used today, and its quota. Takes no entropy. */
  async usage(signal?: AbortSignal): Promise<UsageReport> {
    return answers.objectOf(await this.#json('usage', {}, signal)) as UsageReport;
  }

  /** Closes the connections; what is under way fails. */
  close(): void {
    this.#transport.close();
  }

  async #json(
    route: string,
    query: Record<string, string>,
    signal: AbortSignal | undefined,
  ): Promise<unknown> {
    const text = new URLSearchParams(query).toString();
    return answers.parsed(await this.#read(`/api/${route}${text && `?${text}`}`, MOST_JSON_BYTES, signal));
  }

  async #read(
    path: string,
    most: number,
    signal: AbortSignal | undefined,
    check?: (headers: IncomingHttpHeaders) => void,
  ): Promise<Buffer> {
    const { body, headers } = await this.#waiting(() => this.#transport.read(path, most, signal), signal);
    check?.(headers);
    const index = Number(headers['qrng-receipt'] ?? NaN);
    if (Number.isSafeInteger(index)) this.#options.onReceipt?.({ index, answer: Buffer.from(body) });
    return body;
  }

  #waiting<T>(request: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    const { wait = false, onWait = () => undefined } = this.#options;
    return wait ? waitingFor(request, onWait, signal) : request();
  }
}

/** What the gateway is asked for beside the draws themselves (RFC 7240). */
function preferences({ wait = false, receipt }: DrawOptions): readonly string[] {
  const asked = { plain: ['receipt'], full: ['receipt=full'] } as const;
  return [...(wait ? [`wait=${GATEWAY_WAITS_SECS}`] : []), ...(receipt === undefined ? [] : asked[receipt])];
}

function texts(query: Readonly<Record<string, string | number | boolean>>): Record<string, string> {
  return Object.fromEntries(Object.entries(query).map(([name, value]) => [name, String(value)]));
}
