/** Reads every file that the settings name, as a start would, and keeps nothing of it. */
import { problemsOf } from '#libs/settings';
import { readCredentials } from './push/credentials.js';
import type { CollectorSettings } from './settings.js';

/** A line for each file that the collector would refuse at `now` (Unix ms); none when it would start with all of them. */
export function fileProblems(settings: Readonly<CollectorSettings>, now: number): readonly string[] {
  return problemsOf(() => readCredentials(settings, now));
}
