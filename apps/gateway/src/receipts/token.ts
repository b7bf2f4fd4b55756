/** The token of the receipts in Nest's container; undefined stands behind it where they are off. */
export const RECEIPTS = Symbol('Receipts');
