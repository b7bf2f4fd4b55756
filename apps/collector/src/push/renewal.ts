/** Keys and certificates that change on disk, or SIGHUP: read again without losing anything that is on its way. */
import { outlook } from '#libs/certificates';
import type { Dated } from '#libs/certificates';
import { errorCode, watchFiles, writeReloadOutcomes } from '#libs/files';
import { SettingsError } from '#libs/settings';
import { logEvent } from '../log-events.js';
import type { CollectorSettings } from '../settings.js';
import type { Identity } from './identity.js';

/** How to read the settings once more, and the files that may change them. */
export interface Renewal {
  /** @throws {SettingsError} */
  readonly readAgain: () => Readonly<CollectorSettings>;
  readonly files: readonly string[];
  /** Where the outcome of each reload is written, for operators' commands. */
  readonly stateDirectory: string;
}

/** Keeps `identity` up to date for as long as the process lives. */
export function keepRenewed(identity: Identity, renewal: Renewal): void {
  const renew = (): void => {
    try {
      if (identity.replace(renewal.readAgain())) {
        logEvent('log', 'credentials-reloaded', { keyId: identity.key.id, publicKey: identity.publicKey });
      }
      look();
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error;
      logEvent('error', 'credentials-refused', { problems: error.problems });
      note(error.message);
      return;
    }
    note();
  };
  const note = (refused?: string): void => {
    const outcome = { what: 'credentials', at: Date.now(), ...(refused === undefined ? {} : { refused }) };
    try {
      writeReloadOutcomes(renewal.stateDirectory, [outcome]);
    } catch (error) {
      logEvent('error', 'reloads-not-written', { reason: errorCode(error) });
    }
  };
  let nextLook: NodeJS.Timeout | undefined;
  const look = (): void => {
    const { expired, expiring, nextLookMs } = outlook(identity.dates, Date.now());
    for (const one of expired) logEvent('error', 'certificate-expired', fieldsOf(one));
    for (const one of expiring) logEvent('warn', 'certificate-expiring', fieldsOf(one));
    clearTimeout(nextLook);
    nextLook = setTimeout(look, nextLookMs).unref();
  };
  note();
  look();
  watchFiles(renewal.files, renew);
  process.on('SIGHUP', renew);
}

function fieldsOf({ what, variable, expiresAt }: Dated): { what: string; variable: string; expires: string } {
  return { what, variable, expires: new Date(expiresAt).toISOString() };
}
