/** How the reloads of a running app ended: a file in its state directory, by which an operator's command sees it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ifThere } from './if-there.js';
import { replaceFile } from './replace-file.js';

/** How the last reload of something ended. */
export interface ReloadOutcome {
  /** What was read again, such as `api-keys`. */
  readonly what: string;
  /** Unix ms. */
  readonly at: number;
  /** Why it was refused; what was in use stays in use. Nothing when it was taken. */
  readonly refused?: string;
  /** Parts that were changed and that only a restart takes over. */
  readonly waiting?: readonly string[];
}

const FILE = 'reloads.json';

/** Writes the outcomes to the state directory. @throws the file system's error. */
export function writeReloadOutcomes(directory: string, outcomes: readonly ReloadOutcome[]): void {
  replaceFile(join(directory, FILE), JSON.stringify(outcomes), { sync: false });
}

/** The outcomes in a state directory; none where no app has run yet. @throws the file system's other errors. */
export function readReloadOutcomes(directory: string): ReloadOutcome[] {
  const text = ifThere(() => readFileSync(join(directory, FILE), 'utf8'));
  return JSON.parse(text ?? '[]') as ReloadOutcome[];
}
