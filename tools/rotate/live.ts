/** The machine's own files, as its settings name them, and the service that reads them again. */
import { existsSync } from 'node:fs';
import { CommandError } from '#libs/command-line';
import { checkOwnCertificate } from '#libs/certificates';
import { readEnvironmentFile } from '#libs/settings';
import type { App } from '../doctor/app.js';
import { isActive, reloadService } from '../install/service.js';
import { read } from './step.js';
import type { Step } from './step.js';

/** The file that a setting of this machine names. */
export function fileOf(app: App, variable: string, environmentFile: string | undefined): string {
  const file = environmentFile ?? `/etc/qrng-dd/${app}.env`;
  const path = readEnvironmentFile(file)[variable];
  if (path === undefined || path === '') throw new CommandError(`${file} sets no ${variable}`);
  return path;
}

/**
 * Puts a certificate and its key, which another authority has issued, where the machine reads them.
 *
 * @throws {SettingsError} when the app would refuse them; {CommandError} when a file cannot be read.
 */
export function takeCertificate(
  paths: { certificate: string; key: string },
  given: { certificate: string; key: string },
  purpose: 'server' | 'client',
  now: number,
): Step {
  const cert = read(given.certificate);
  const key = read(given.key);
  const variables = { cert: given.certificate, key: given.key };
  const expiresAt = checkOwnCertificate({ variables, cert, key, purpose }, now);
  if (existsSync(paths.certificate) && read(paths.certificate) === cert && read(paths.key) === key) {
    return { changes: [], next: `${paths.certificate} is this one already: nothing to do.` };
  }
  return {
    changes: [
      { path: paths.key, content: key, what: 'the new key' },
      {
        path: paths.certificate,
        content: cert,
        what: `valid until ${new Date(expiresAt).toISOString()}`,
      },
    ],
    next: 'Established connections stay; new ones see the new certificate.',
  };
}

/** Has the service, where it runs, take the files over; the exit code. */
export function takeOver(app: App, environmentFile: string | undefined): number {
  if (isActive(app)) return reloadService(app, environmentFile ?? `/etc/qrng-dd/${app}.env`);
  console.log(
    `qrng-${app} does not run under systemd here; a running one reads the files again within seconds.`,
  );
  return 0;
}
