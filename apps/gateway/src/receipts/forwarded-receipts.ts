/**
 * Receipts as a worker has them: it draws, and its head, which keeps the one log, makes room for the record and writes it.
 *
 *   worker: open -> head: room? -> worker: draw -> append -> head: on the disk -> index
 */
import { declareCall, declareNotice } from '../link/call.js';
import { ChannelError } from '../link/channel.js';
import type { Channel } from '../link/channel.js';
import type { PacketRef } from '../pool/packet-ref.js';
import { ApiError } from '../problem/api-error.js';
import type { DrawRecord } from './drawing.js';
import { noReceipt, notWritten } from './reads.js';
import type { Slot } from './receipts.js';
import type { ReceiptKeeper } from './token.js';

/** What an error of the API is on its way between processes. */
type Outcome<T> = { readonly value: T } | { readonly error: ConstructorParameters<typeof ApiError> };

const OPEN = declareCall<{ client: string; revealed: number }, Outcome<{ slot: number; client: Buffer }>>(
  'receipt-open',
);
const APPEND = declareCall<{ slot: number; record: DrawRecord }, Outcome<number>>('receipt-append');
const RELEASE = declareNotice<{ slot: number }>('receipt-release');
const RECEIPT = declareCall<{ index: number; client: string }, Outcome<string>>('receipt');
const LOG_FILE = declareCall<{ path: string }, Outcome<string | Buffer | undefined>>('receipt-log-file');

export class ForwardedReceipts implements ReceiptKeeper {
  constructor(private readonly head: Channel) {}

  async open(client: string, revealed: number): Promise<Slot> {
    const opened = await answerOf(this.head.call(OPEN, { client, revealed }), noReceipt);
    const { slot } = opened;
    return {
      client: opened.client,
      append: (record) => answerOf(this.head.call(APPEND, { slot, record }), notWritten),
      release: () => this.head.tell(RELEASE, { slot }),
    };
  }

  receipt(index: number, client: string): Promise<string> {
    return answerOf(this.head.call(RECEIPT, { index, client }), noReceipt);
  }

  file(path: string): Promise<string | Buffer | undefined> {
    return answerOf(this.head.call(LOG_FILE, { path }), noReceipt);
  }
}

/** The head's side: answers one worker. Call what it returns when that worker is gone: it gives up the room that was kept for it. */
export function keepReceiptsFor(worker: Channel, receipts: ReceiptKeeper): () => void {
  const slots = new Map<number, Slot>();
  let last = 0;
  let isGone = false;
  const release = (slot: number): void => {
    slots.get(slot)?.release();
    slots.delete(slot);
  };
  worker.answer(OPEN, ({ client, revealed }) =>
    outcomeOf(async () => {
      const opened = await receipts.open(client, revealed);
      const slot = (last += 1);
      slots.set(slot, opened);
      if (isGone) release(slot);
      return { slot, client: opened.client };
    }),
  );
  worker.answer(APPEND, ({ slot, record }) =>
    outcomeOf(async () => {
      const opened = slots.get(slot);
      if (opened === undefined) throw notWritten();
      return opened.append({ ...record, packets: record.packets.map(ownCopy) });
    }),
  );
  worker.hear(RELEASE, ({ slot }) => release(slot));
  worker.answer(RECEIPT, ({ index, client }) => outcomeOf(() => receipts.receipt(index, client)));
  worker.answer(LOG_FILE, ({ path }) => outcomeOf(() => receipts.file(path)));
  return () => {
    isGone = true;
    for (const slot of slots.keys()) release(slot);
  };
}

/** What waits for its proofs must not keep all of the message that it came in, with the bytes that are revealed. */
function ownCopy(packet: PacketRef): PacketRef {
  return { ...packet, digest: Buffer.from(packet.digest) };
}

async function outcomeOf<T>(run: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await run() };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return { error: [error.code, error.detail, error.extras] };
  }
}

/** @param gone makes what is thrown when the head is gone, which ends its workers. */
async function answerOf<T>(call: Promise<Outcome<T>>, gone: () => ApiError): Promise<T> {
  let outcome: Outcome<T>;
  try {
    outcome = await call;
  } catch (error) {
    if (error instanceof ChannelError) throw gone();
    throw error;
  }
  if ('error' in outcome) throw new ApiError(...outcome.error);
  return outcome.value;
}
