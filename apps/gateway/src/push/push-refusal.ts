/** Why a packet was not taken, and the bare status that the collector is told (contract of POST /push). */

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
} as const;

export type PushResult = keyof typeof STATUS;

/** A packet that was not taken; `retryAfterSecs` goes with `unready` and `full`. */
export class PushRefusal extends Error {
  readonly status: number;

  constructor(
    readonly result: PushResult,
    readonly detail: string,
    readonly retryAfterSecs?: number,
  ) {
    super(detail);
    this.name = 'PushRefusal';
    this.status = STATUS[result];
  }
}
