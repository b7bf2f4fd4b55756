/** A row of the table: a name to choose it by, and how it is measured. */
import type { Setup } from './setup.js';
import type { Report } from './table.js';

export interface Row {
  readonly name: string;
  /** @throws {Error} when a candidate answers wrongly. */
  readonly run: (setup: Setup) => Promise<Report>;
}
