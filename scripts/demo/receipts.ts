/** Receipts of the demo: keys of the log and of the collector, and their public halves as files for `qrng verify`. */
import { createSigningKey, publicHalf } from '../../tools/setup/material.js';

type Variables = Readonly<Record<string, string | undefined>>;

const ORIGIN = 'demo.localhost/receipts';

/** Whether the caller left receipts to the demo. */
export function hasReceipts(given: Variables): boolean {
  return !Object.keys(given).some((name) => /^QRNG_(RECEIPTS|SIGNING_KEY)/.test(name));
}

/** @param save writes a file of the demo's folder, and returns its path. */
export function receiptSettings(
  save: (name: string, text: string) => string,
  collector = 'collector-1',
): { readonly gateway: Record<string, string>; readonly collector: Record<string, string> } {
  const [logKey, signingKey] = [createSigningKey(), createSigningKey()];
  save('receipts.pub', publicHalf(ORIGIN, logKey));
  save('collector.pub', publicHalf(collector, signingKey));
  return {
    gateway: {
      QRNG_RECEIPTS: 'on',
      QRNG_RECEIPTS_KEY_FILE: save('receipts.key', logKey),
      QRNG_RECEIPTS_ORIGIN: ORIGIN,
    },
    collector: { QRNG_SIGNING_KEY_FILE: save('signing.key', signingKey) },
  };
}

/** What the demo prints about them. */
export const RECEIPT_LINES = `
  A draw with a receipt, and its verification, which needs no gateway:

  . .demo/client.env; npx qrng integers 6 --min 1 --max 49 --unique --wait --receipt .demo/draw.tlog-proof --reveal
  npx qrng verify .demo/draw.tlog-proof --log-key .demo/receipts.pub --collector-key .demo/collector.pub --draw
`;
