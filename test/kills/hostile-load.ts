/**
 * Collectors that keep to docs/packet.md, clients that note every byte that reaches them, also of answers that were cut, and somebody who
 * captures all packets and sends them again: against gateways that are killed meanwhile.
 *
 *   entropy -> Outbox (the collector's own) -> push -> gateways -> draws and streams -> each block of 16 bytes once
 *                                            -> captured -> sent again at any time
 */
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import { MacKey } from '#libs/crypto';
import { Outbox } from '../../apps/collector/src/push/outbox.js';
import type { Outcome } from '../../apps/collector/src/push/outbox.js';
import { MarkedEntropy } from '../pool/marked-entropy.js';
import type { GatewayClient } from '../support/gateway-client.js';

const BLOCK_BYTES = 16;
const PACKET_BLOCKS = 4096;
const DRAW_BLOCKS = [1, 2, 64, 256, 1024, 4096];
/** Packets that are kept to be sent again. */
const CAPTURED = 4000;
/** How often somebody tries whether a gateway is there again. */
const RETRY_MS = 20;

/** A receipt that a client was promised: the body is missing where the answer was cut. */
export interface Promised {
  readonly origin: string;
  readonly index: number;
  readonly body: Buffer | undefined;
}

/** Counts of what happened, for the report. */
export interface Tally {
  pushes: number;
  replays: number;
  replaysTaken: number;
  answers: number;
  cut: number;
}

export class HostileLoad {
  readonly entropy: MarkedEntropy;
  readonly promised: Promised[] = [];
  readonly tally: Tally = { pushes: 0, replays: 0, replaysTaken: 0, answers: 0, cut: 0 };
  readonly #captured: Buffer[] = [];
  readonly #key: MacKey;
  #running: Promise<unknown> = Promise.resolve();
  #isOver = false;

  /**
   * @param gateways those that are there now; the test replaces them as it likes.
   * @param most bytes that are ever made.
   * @param receipts whether draws ask for one.
   */
  constructor(
    readonly gateways: GatewayClient[],
    hmacKey: string,
    private readonly most: number,
    private readonly receipts: boolean,
  ) {
    this.entropy = new MarkedEntropy(most);
    this.#key = MacKey.fromHex(hmacKey);
  }

  /** Begins: a collector for each lead (ms that its clock is ahead), and so many clients. */
  start(leads: readonly number[], clients: number): void {
    const collectors = leads.map((lead, i) => this.#collect(`collector-${i}`, lead));
    this.#running = Promise.all([
      ...collectors,
      ...Array.from({ length: clients }, () => this.#consume()),
      this.#replayOn(),
    ]);
    this.#running.catch(() => (this.#isOver = true));
  }

  /** Ends the pushes and draws that are under way; throws what went wrong in them. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#running;
  }

  /** Sends `count` captured packets again, the latest ones first. */
  async replay(count: number): Promise<void> {
    const latest = this.#captured.slice(-count).reverse();
    for (const packet of latest) await this.#again(packet);
  }

  /** Takes what is left in all gateways. */
  async drain(): Promise<void> {
    for (const gateway of this.gateways) {
      for (const blocks of [4096, 64, 1]) while ((await this.#draw(gateway, blocks)) === 200);
    }
  }

  async #collect(id: string, leadMs: number): Promise<void> {
    const now = (): number => Date.now() + leadMs;
    const boot = now();
    let outbox = new Outbox({ collector: id, boot: BigInt(boot) });
    for (let runs = 1; !this.#isOver;) {
      if (outbox.unsettled === undefined) {
        outbox.expire(now());
        if (outbox.heldBytes === 0) {
          if (this.entropy.made + PACKET_BLOCKS * BLOCK_BYTES > this.most) return;
          outbox.hold(this.entropy.make((1 + randomInt(PACKET_BLOCKS)) * BLOCK_BYTES));
        }
        this.#capture(outbox.sealEntropy(now(), this.#key));
      }
      const { result } = outbox.settle(await this.#push(outbox.unsettled));
      if (result === 'replayed') outbox = new Outbox({ collector: id, boot: BigInt(boot + runs++) });
      if (result !== 'delivered') await sleep(RETRY_MS);
    }
  }

  #capture(packet: Buffer): void {
    this.#captured.push(Buffer.from(packet));
    if (this.#captured.length > CAPTURED) this.#captured.splice(0, CAPTURED / 2);
  }

  async #push(packet: Buffer | undefined): Promise<Outcome> {
    if (packet === undefined) throw new RangeError('nothing was sealed');
    this.tally.pushes += 1;
    try {
      const { status } = await this.#any().push(packet);
      return { kind: 'answer', status };
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      return code === 'ECONNREFUSED'
        ? { kind: 'unsent', reason: code }
        : { kind: 'unknown', reason: code ?? 'reset' };
    }
  }

  /** A stranger on the wire, at any time: what was captured lately, and long ago. */
  async #replayOn(): Promise<void> {
    while (!this.#isOver) {
      const far = randomInt(4) === 0 ? this.#captured.length : Math.min(50, this.#captured.length);
      const packet = far === 0 ? undefined : this.#captured.at(-1 - randomInt(far));
      if (packet !== undefined) await this.#again(packet);
      await sleep(5);
    }
  }

  async #again(packet: Buffer): Promise<void> {
    this.tally.replays += 1;
    try {
      const { status } = await this.#any().push(packet);
      if (status === 204) this.tally.replaysTaken += 1;
    } catch {
      // the gateway was killed
    }
  }

  async #consume(): Promise<void> {
    while (!this.#isOver) {
      const blocks = DRAW_BLOCKS[randomInt(DRAW_BLOCKS.length)] ?? 1;
      if ((await this.#draw(this.#any(), blocks)) !== 200) await sleep(RETRY_MS);
    }
  }

  /** Notes all that arrives; the status, or 0 where there was no whole answer. */
  async #draw(gateway: GatewayClient, blocks: number): Promise<number> {
    const bytes = blocks * BLOCK_BYTES;
    const streams = !this.receipts && randomInt(8) === 0;
    const path = streams ? `/api/stream?bytes=${bytes}` : `/api/random?bytes=${bytes}&encoding=binary`;
    const asks = this.receipts && randomInt(5) > 0;
    let got = Buffer.alloc(0);
    let [status, index]: [number, string | undefined] = [0, undefined];
    try {
      const answer = await request(gateway.url + path, {
        dispatcher: gateway.agent,
        headers: { authorization: `Bearer ${gateway.apiKey}`, ...(asks ? { prefer: 'receipt' } : {}) },
      });
      status = answer.statusCode;
      index = answer.headers['qrng-receipt']?.toString();
      for await (const chunk of answer.body) got = Buffer.concat([got, chunk as Buffer]);
    } catch {
      this.tally.cut += 1;
      if (status === 200) this.#note(gateway, got, index, false);
      return 0;
    }
    if (status !== 200) return status;
    this.tally.answers += 1;
    this.#note(gateway, got, index, true);
    return status;
  }

  #note(gateway: GatewayClient, got: Buffer, index: string | undefined, isWhole: boolean): void {
    this.entropy.note(got);
    if (index === undefined) return;
    const origin = gateway.env['QRNG_RECEIPTS_ORIGIN'] ?? '';
    this.promised.push({ origin, index: Number(index), body: isWhole ? got : undefined });
  }

  #any(): GatewayClient {
    const gateway = this.gateways[randomInt(this.gateways.length)];
    if (gateway === undefined) throw new Error('no gateway is left');
    return gateway;
  }
}
