/**
 * Draws that get a receipt: `Prefer: receipt`, or `receipt=true` in the query; `full` reveals the bytes that were drawn.
 *
 *   wish -> room in the log? -> Dispenser.sample, with each byte's packet noted -> body -> log -> QRNG-Receipt
 */
import { Inject, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Sample } from '#libs/entropy';
import { Clock } from '../../clock.js';
import { Drawing } from '../../receipts/drawing.js';
import { RECEIPTS } from '../../receipts/token.js';
import type { ReceiptKeeper } from '../../receipts/token.js';
import { Dispenser } from './dispenser.js';
import { invalidParameters } from '../request/parameters.js';
import { noteApplied, preferences } from '../request/prefer.js';

export interface ReceiptWish {
  readonly full: boolean;
  /** As Preference-Applied says it; undefined where the query asked. */
  readonly preference: string | undefined;
}

interface ReceiptedDraw<T> {
  /** The request in its canonical form, from which anybody can repeat the draw. */
  readonly request: string;
  /** @param now when it is drawn, Unix ms. */
  readonly sample: (now: number) => Sample<T>;
  readonly body: (values: T) => Buffer;
}

@Injectable()
export class ReceiptedDraws {
  constructor(
    @Inject(RECEIPTS) private readonly receipts: ReceiptKeeper | undefined,
    private readonly dispenser: Dispenser,
    private readonly clock: Clock,
  ) {}

  /** The parameters of every draw that `wish` takes out of the query. */
  get parameters(): readonly string[] {
    return this.receipts === undefined ? [] : ['receipt'];
  }

  /**
   * Whether the client wants a receipt; the parameter is taken out of the query. With receipts off it is as unknown as any other,
   * and the preference is not honoured.
   *
   * @throws {ApiError} `invalid-parameter`.
   */
  wish({ headers, query }: FastifyRequest): ReceiptWish | undefined {
    if (this.receipts === undefined) return undefined;
    const given = query as Record<string, unknown>;
    if (Object.hasOwn(given, 'receipt')) {
      const { receipt } = given;
      delete given['receipt'];
      if (receipt === 'true' || receipt === 'full') {
        return { full: receipt === 'full', preference: undefined };
      }
      if (receipt !== 'false') {
        throw invalidParameters([{ name: 'receipt', detail: 'must be one of true, full, false' }]);
      }
    }
    if (headers['prefer'] === undefined) return undefined;
    const preferred = preferences({ headers }).get('receipt');
    if (preferred === '') return { full: false, preference: 'receipt' };
    return preferred === 'full' ? { full: true, preference: 'receipt=full' } : undefined;
  }

  /**
   * Draws, writes the receipt, and names it in the answer.
   *
   * @returns the body that the receipt is about, to be sent as it is.
   * @throws {ApiError} as `Dispenser.sample`; `unavailable` when no receipt can be written.
   */
  async draw<T>(
    request: FastifyRequest,
    reply: FastifyReply,
    { full, preference }: ReceiptWish,
    { request: text, sample, body }: ReceiptedDraw<T>,
  ): Promise<Buffer> {
    if (this.receipts === undefined || request.client === undefined) throw new Error('wish() said otherwise');
    const { likely, most } = sample(0);
    const slot = await this.receipts.open(request.client.name, full ? most : 0);
    const drawing = new Drawing({ client: slot.client, request: text, full }, () => this.clock.now());
    try {
      const now: Sample<T> = { likely, most, draw: (bits) => sample(drawing.at).draw(bits) };
      const answer = body(await this.dispenser.sample(request, reply, now, drawing));
      void reply.header('qrng-receipt', await slot.append(drawing.record(answer)));
      if (preference !== undefined) noteApplied(reply, preference);
      return answer;
    } finally {
      drawing.close();
      slot.release();
    }
  }
}

/** GET with the parameters that were given, in the order of their names, as they were understood. */
export function canonicalRequest({ query, routeOptions }: FastifyRequest, values: object): string {
  const known = values as Record<string, unknown>;
  const pairs = Object.keys(query as object)
    .sort()
    .map((name) => `${name}=${encodeURIComponent(String(known[name]))}`);
  return `GET ${routeOptions.url ?? ''}${pairs.length === 0 ? '' : `?${pairs.join('&')}`}`;
}
