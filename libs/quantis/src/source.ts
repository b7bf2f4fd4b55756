/** What the collector fetches entropy from, and how a fetch fails. */

export interface EntropySource {
  /** For logs and metric labels: host and port, or device path; 1 to 64 of `A-Z a-z 0-9 . _ : / # -`. */
  readonly name: string;

  /** When the certificate that it last showed expires, Unix ms; undefined for what shows none, or whose dates are not checked. */
  readonly certificateExpiresAt?: number | undefined;

  /**
   * Fetches exactly `bytes` bytes, in a buffer that belongs to the caller alone.
   *
   * @throws {SourceError} when it yields anything else; nothing is kept for a later fetch then.
   */
  fetch: (bytes: number, signal?: AbortSignal) => Promise<Buffer>;

  /** Ends its connections or closes its device. A fetch in flight fails. */
  close: () => Promise<void>;
}

/**
 * Why a fetch failed:
 *
 * - `timeout`: it took too long or stood still
 * - `status`: the appliance answered with another status than 2xx
 * - `redirect`: it sent us elsewhere; never followed
 * - `length`: fewer or more bytes than asked for
 * - `content`: the bytes are a page, text or an encoding, not raw bytes
 * - `protocol`: not HTTP, or a header beyond the bounds
 * - `tls`: certificate, name or pin is not valid, or TLS itself failed
 * - `connection`: no connection, or it broke
 * - `device`: the device cannot be opened, failed (EIO) or ended
 * - `aborted`: the caller gave up
 */
export type SourceErrorCode =
  | 'timeout'
  | 'status'
  | 'redirect'
  | 'length'
  | 'content'
  | 'protocol'
  | 'tls'
  | 'connection'
  | 'device'
  | 'aborted';

export class SourceError extends Error {
  override readonly name = 'SourceError';

  /**
   * The error beneath is not kept: an HTTP parser's holds the bytes it could not parse, and they would reach the log.
   *
   * @param details.status of the appliance's answer, if that is what was wrong
   * @param details.retryAfterMs how long it asked to be left alone (`Retry-After`), bounded
   */
  constructor(
    readonly code: SourceErrorCode,
    message: string,
    readonly details: { readonly status?: number; readonly retryAfterMs?: number } = {},
  ) {
    super(message);
  }
}
