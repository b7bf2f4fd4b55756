/** A rule of the QRNG Open API, a row of the table in docs/qrng-open-api.md, and how it is checked. */
import type { Server } from './server.js';

/**
 * Where it comes from: `document`, the text of the industry; `clients`, which refuse a server that breaks it;
 * `judgement`, where both are silent: this project does it so, and others may differ.
 */
export type Basis = 'document' | 'clients' | 'judgement';

export interface Rule {
  readonly id: string;
  readonly basis: Basis;
  /** What is the case when the server conforms. */
  readonly text: string;
  /** What is wrong, in words; undefined if nothing is; null where the rule does not apply to this server. */
  readonly check: (server: Server) => Promise<string | undefined | null>;
}

/** What is wrong unless `holds`. */
export function unless(holds: boolean, fault: string): string | undefined {
  return holds ? undefined : fault;
}

/** Text of a value for a message, at most 80 characters. */
export function shown(value: unknown): string {
  const text = value === undefined ? 'absent' : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

export function isWhole(value: unknown, min: number): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= min;
}

/** What is wrong with the member `extensions`, which may be absent. */
export function extensionsFault(value: unknown): string | undefined {
  const objects =
    value === undefined ||
    (Array.isArray(value) &&
      value.every((item) => typeof item === 'object' && item !== null && !Array.isArray(item)));
  return unless(objects, `extensions is ${shown(value)}`);
}
