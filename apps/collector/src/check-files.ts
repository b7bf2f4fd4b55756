/** Reads every file that the settings name, as a start would, and keeps nothing of it. */
import { problemsOf } from '#libs/settings';
import { readCertificates } from './pem-files.js';
import { readTls } from './push/identity.js';
import type { CollectorSettings } from './settings.js';

/** A line for each file that the collector would refuse; none when it would start with all of them. */
export function fileProblems(settings: Readonly<CollectorSettings>): string[] {
  const { QRNG_APPLIANCE_CA_FILE: applianceCa } = settings;
  return [
    ...problemsOf(() => applianceCa !== undefined && readCertificates('QRNG_APPLIANCE_CA_FILE', applianceCa)),
    ...problemsOf(() => readTls(settings)),
  ];
}
