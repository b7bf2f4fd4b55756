/** The token of the receipts in Nest's container: a ReceiptKeeper stands behind it, or undefined where they are off. */
import type { Receipts } from './receipts.js';

/** What the API asks of receipts: of those of this process, or of a worker's head. */
export type ReceiptKeeper = Pick<Receipts, 'open' | 'receipt' | 'file'>;

export const RECEIPTS = Symbol('Receipts');
