/** Reads every file that the settings name, as a start would, and keeps nothing of it; of directories and devices it looks at their rights. */
import { accessSync, constants, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { errorCode } from '#libs/files';
import { directoryProblems, problemsOf, spoolDirectory } from '#libs/settings';
import { readCredentials } from './push/credentials.js';
import type { CollectorSettings } from './settings.js';

/** A line for each file, directory or device that the collector could not use at `now` (Unix ms); none when it would start with all of them. */
export function fileProblems(settings: Readonly<CollectorSettings>, now: number): readonly string[] {
  const spool = spoolDirectory(settings.QRNG_PUSH_URL);
  return [
    ...problemsOf(() => readCredentials(settings, now)),
    ...directoryProblems('QRNG_STATE_DIR', settings.QRNG_STATE_DIR, 'is made'),
    ...(spool === undefined ? [] : directoryProblems('QRNG_PUSH_URL', spool, 'is a fault')),
    ...settings.QRNG_APPLIANCE_URLS.flatMap(deviceProblem),
  ];
}

function deviceProblem(text: string, index: number): string[] {
  const url = new URL(text);
  const fault = url.protocol === 'file:' ? deviceFault(fileURLToPath(url)) : undefined;
  return fault === undefined
    ? []
    : [`QRNG_APPLIANCE_URLS must name devices that this process can read; source ${index + 1}: ${fault}`];
}

function deviceFault(path: string): string | undefined {
  try {
    accessSync(path, constants.R_OK);
    const kind = statSync(path);
    return kind.isCharacterDevice() || kind.isFIFO() ? undefined : 'neither a character device nor a FIFO';
  } catch (error) {
    return errorCode(error);
  }
}
