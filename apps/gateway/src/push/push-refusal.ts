/** Why a packet was not taken, and the bare status that the collector is told (contract of POST /push). */

/**
 * No status: the connection is reset. Whether the packet was taken is not known, and every status would say one or the
 * other; after a reset the collector sends the same sealed bytes again, and never seals them a second time.
 */
const RESET = undefined;

const STATUS = {
  malformed: 400,
  crc: 400,
  hmac: 401,
  replay: 409,
  conflict: 409,
  stale: 422,
  future: 422,
  unready: 503,
  full: 507,
  unknown: RESET,
} as const;

export type PushResult = keyof typeof STATUS;

interface Answer {
  /** Instead of the result's own status. */
  readonly status?: number;
  /** Goes with `unready` and `full`. */
  readonly retryAfterSecs?: number | undefined;
}

/** A packet that was not taken, or (`unknown`) perhaps. */
export class PushRefusal extends Error {
  readonly status: number | undefined;
  readonly retryAfterSecs: number | undefined;

  constructor(
    readonly result: PushResult,
    readonly detail: string,
    answer: Answer = {},
  ) {
    super(detail);
    this.name = 'PushRefusal';
    this.status = answer.status ?? STATUS[result];
    this.retryAfterSecs = answer.retryAfterSecs;
  }
}
