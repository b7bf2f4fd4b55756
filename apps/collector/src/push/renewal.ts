/** Keys and certificates that change on disk, and on SIGHUP the settings too: read again without losing anything that is on its way. */
import { outlook } from '#libs/certificates';
import type { Dated } from '#libs/certificates';
import { errorCode, watchFiles, writeReloadOutcomes } from '#libs/files';
import type { ReloadOutcome } from '#libs/files';
import { SettingsError } from '#libs/settings';
import type { Refreshed } from '#libs/settings';
import { logEvent } from '../log-events.js';
import type { CollectorSettings } from '../settings.js';
import type { Identity } from './identity.js';

/** How to read the settings once more, and the files that may change them. */
export interface Renewal {
  /** @throws {SettingsError} */
  readonly readAgain: () => Readonly<CollectorSettings>;
  /** Takes over the settings that can change. @throws {SettingsError} */
  readonly refresh: () => Refreshed;
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
      note({ what: 'credentials', refused: refusalOf('credentials-refused', error) });
      return;
    }
    note({ what: 'credentials' });
  };
  const refresh = (): void => {
    try {
      const { changed, waiting, warnings, withoutEffect } = renewal.refresh();
      for (const warning of warnings) logEvent('warn', 'unknown-setting', { warning });
      for (const warning of withoutEffect) logEvent('warn', 'setting-without-effect', { warning });
      if (changed.length + waiting.length > 0) logEvent('log', 'settings-reloaded', { changed, waiting });
      note({ what: 'settings', waiting });
    } catch (error) {
      note({ what: 'settings', refused: refusalOf('settings-refused', error) });
    }
  };
  const outcomes = new Map<string, ReloadOutcome>();
  const note = (outcome: Omit<ReloadOutcome, 'at'>): void => {
    outcomes.set(outcome.what, { ...outcome, at: Date.now() });
    try {
      writeReloadOutcomes(renewal.stateDirectory, [...outcomes.values()]);
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
  note({ what: 'settings' });
  note({ what: 'credentials' });
  look();
  watchFiles(renewal.files, renew);
  process.on('SIGHUP', () => {
    refresh();
    renew();
  });
}

function refusalOf(event: 'credentials-refused' | 'settings-refused', error: unknown): string {
  if (!(error instanceof SettingsError)) throw error;
  logEvent('error', event, { problems: error.problems });
  return error.message;
}

function fieldsOf({ what, variable, expiresAt }: Dated): { what: string; variable: string; expires: string } {
  return { what, variable, expires: new Date(expiresAt).toISOString() };
}
