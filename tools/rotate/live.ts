/** The machine's own files, as its settings name them, and the service that reads them again. */
import { spawnSync } from 'node:child_process';
import { X509Certificate, createPrivateKey } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '#libs/files';
import { readEnvironmentFile } from '#libs/settings';
import type { App } from '../doctor/app.js';
import { RotationError } from './step.js';
import type { Step } from './step.js';

/** The file that a setting of this machine names. */
export function fileOf(app: App, variable: string, environmentFile: string | undefined): string {
  const file = environmentFile ?? `/etc/qrng-dd/${app}.env`;
  const path = readEnvironmentFile(file)[variable];
  if (path === undefined || path === '') throw new RotationError(`${file} sets no ${variable}`);
  return path;
}

/** Puts a certificate and its key, which another authority has issued, where the machine reads them. */
export function takeCertificate(
  paths: { certificate: string; key: string },
  given: { certificate: string; key: string },
  now: number,
): Step {
  const certificate = read(given.certificate);
  const key = read(given.key);
  const leaf = checked(given, certificate, key);
  if (now >= Date.parse(leaf.validTo)) {
    throw new RotationError(`${given.certificate} expired on ${leaf.validTo}`);
  }
  if (now < Date.parse(leaf.validFrom)) {
    throw new RotationError(`${given.certificate} is valid from ${leaf.validFrom}`);
  }
  if (existsSync(paths.certificate) && read(paths.certificate) === certificate && read(paths.key) === key) {
    return { changes: [], next: `${paths.certificate} is this one already: nothing to do.` };
  }
  return {
    changes: [
      { path: paths.key, content: key, what: 'the new key' },
      { path: paths.certificate, content: certificate, what: `valid until ${leaf.validTo}` },
    ],
    next: 'Established connections stay; new ones see the new certificate.',
  };
}

/** Tells the service, where it runs, to read its files again, and has the doctor look; the exit code. */
export function takeOver(app: App, environmentFile: string | undefined): number {
  const service = `qrng-${app}`;
  if (spawnSync('systemctl', ['is-active', '--quiet', service]).status !== 0) {
    console.log(
      `${service} does not run under systemd here; a running one reads the files again within seconds.`,
    );
    return 0;
  }
  if (spawnSync('systemctl', ['reload', service], { stdio: 'inherit' }).status !== 0) {
    console.error(`${service} could not reload: journalctl -u ${service} says why.`);
    return 1;
  }
  console.log(`\n${service} was asked to read its files again. The doctor:\n`);
  const doctor = join(import.meta.dirname, '../doctor.js');
  const file = environmentFile ?? `/etc/qrng-dd/${app}.env`;
  return spawnSync(process.execPath, [doctor, app, file], { stdio: 'inherit' }).status ?? 1;
}

function checked(
  given: { certificate: string; key: string },
  certificate: string,
  key: string,
): X509Certificate {
  try {
    const leaf = new X509Certificate(certificate);
    if (leaf.checkPrivateKey(createPrivateKey(key))) return leaf;
  } catch {
    throw new RotationError(
      `${given.certificate} and ${given.key} must be a PEM certificate and its private key`,
    );
  }
  throw new RotationError(`${given.key} is not the private key of ${given.certificate}`);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new RotationError(`${path} cannot be read (${errorCode(error)})`);
  }
}
