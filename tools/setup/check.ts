/** The doctor's look at what setup made, before any of it is on its machine. */
import { join } from 'node:path';
import { readEnvironmentFile } from '#libs/settings';
import { examineConfiguration } from '../doctor/examine.js';
import type { App } from '../doctor/app.js';
import type { Finding } from '../doctor/finding.js';
import { CONFIGURATION } from './templates.js';

/** What the doctor finds in the configuration of each app; what only its machine can show is left out. */
export function checkFolder(folder: string, now: number): { app: App; findings: Finding[] }[] {
  return (['gateway', 'collector'] as const).map((app) => {
    const file = join(folder, app, `${app}.env`);
    const env = Object.fromEntries(
      Object.entries(readEnvironmentFile(file)).map(([name, value]) => [
        name,
        value.replaceAll(`${CONFIGURATION}/`, `${folder}/`),
      ]),
    );
    return { app, findings: examineConfiguration(app, env, [file], undefined, now) };
  });
}
