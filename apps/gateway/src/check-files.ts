/** Reads every file that the settings name, as a start would, and keeps nothing of it; of directories it looks at their rights. */
import { directoryProblems, problemsOf, spoolDirectory } from '#libs/settings';
import { readApiKeysOfSettings } from './gate/read-api-keys.js';
import { keysOf } from './packet-keys/read-hmac-keys.js';
import type { GatewaySettings } from './settings.js';
import { readClientAuthorities, readServerCertificate } from './tls/tls-options.js';

/** A line for each file or directory that the gateway would refuse at `now` (Unix ms); none when it would start with all of them. */
export function fileProblems(settings: Readonly<GatewaySettings>, now: number): string[] {
  return [
    ...problemsOf(() => settings.QRNG_TLS === 'on' && readServerCertificate(settings, now)),
    ...problemsOf(() => settings.QRNG_TLS === 'on' && readClientAuthorities(settings, now)),
    ...problemsOf(() => readApiKeysOfSettings(settings)),
    ...problemsOf(() => keysOf(settings)),
    ...directoryProblems('QRNG_STATE_DIR', settings.QRNG_STATE_DIR, 'is made'),
    ...directoryProblems('QRNG_AUDIT_DIR', settings.QRNG_AUDIT_DIR ?? settings.QRNG_STATE_DIR, 'is made'),
    ...spools(settings).flatMap((directory) => directoryProblems('QRNG_RECEIVE', directory, 'is a fault')),
  ];
}

function spools({ QRNG_RECEIVE = [] }: Readonly<GatewaySettings>): string[] {
  return QRNG_RECEIVE.map(spoolDirectory).filter((path) => path !== undefined);
}
