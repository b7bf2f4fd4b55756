/** The bare status that a collector gets for a packet that was not taken (contract of POST /push). */
import { PacketRefusal } from '../admission/packet-refusal.js';
import type { RefusalResult } from '../admission/packet-refusal.js';

/**
 * No status: the connection is reset. Whether the packet was taken is not known, and every status would say one or the
 * other; after a reset the collector sends the same sealed bytes again, and never seals them a second time.
 */
const RESET = undefined;

const STATUS = {
  malformed: 400,
  crc: 400,
  client_cert: 401,
  hmac: 401,
  replay: 409,
  conflict: 409,
  stale: 422,
  future: 422,
  unready: 503,
  full: 507,
  unknown: RESET,
} as const satisfies Record<RefusalResult, number | undefined>;

/** When a collector should try again after 503 and 507, in seconds. */
const RETRY_AFTER_SECS = 1;

/** A push that HTTP alone refuses, with a status that says more than that of its result. */
export class PushRefusal extends PacketRefusal {
  constructor(
    result: RefusalResult,
    detail: string,
    readonly status: number,
  ) {
    super(result, detail);
    this.name = 'PushRefusal';
  }
}

/** What the collector gets for `refusal`; no status means that its connection is reset. */
export function pushAnswer(refusal: PacketRefusal): { status: number | undefined; retryAfterSecs?: number } {
  const status = refusal instanceof PushRefusal ? refusal.status : STATUS[refusal.result];
  const isTemporary = refusal.result === 'unready' || refusal.result === 'full';
  return isTemporary ? { status, retryAfterSecs: RETRY_AFTER_SECS } : { status };
}
