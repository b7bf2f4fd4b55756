/**
 * The deployment checklist of the security analysis, on one app's configuration and the machine it is to run on:
 *
 *   settings hold -> TLS 1.3 -> strong keys, rotated -> limits -> monitoring -> file permissions -> machine
 */
import { problemsOf, readSettings, secretFiles, secretNames, SettingsError } from '#libs/settings';
import type { Environment, SettingsClass } from '#libs/settings';
import { fileProblems } from '../../apps/collector/src/check-files.js';
import { CollectorSettings } from '../../apps/collector/src/settings.js';
import { splitApiKeyEntry } from '../../apps/gateway/src/clients/api-key-entry.js';
import { readApiKeysOfSettings } from '../../apps/gateway/src/gate/read-api-keys.js';
import { keysOf } from '../../apps/gateway/src/packet-keys/read-hmac-keys.js';
import { GatewaySettings } from '../../apps/gateway/src/settings.js';
import { certificates, credentials } from './certificates.js';
import { permissions, readableFor, settingsFiles } from './files.js';
import { check } from './finding.js';
import type { Finding } from './finding.js';
import type { Host } from './host.js';
import { apiKey, hmacKey, keyAges } from './keys.js';
import {
  checkClock,
  checkDiodeInterface,
  checkFirewall,
  checkHardening,
  checkSeparation,
} from './machine.js';
import type { App } from './app.js';
import { examineGateway, examineSource } from './peers.js';
import { checkRules } from './rules.js';

/** @param files further files that nobody else may read, such as the one that `env` came from. */
export async function examine(
  app: App,
  env: Environment,
  files: readonly string[],
  host: Host,
  now: number,
): Promise<Finding[]> {
  return [
    ...examineConfiguration(app, env, files, host.serviceUser, now),
    ...(app === 'collector' ? await examinePeers(env) : []),
    checkFirewall(app, host),
    ...(usesUdp(env) ? checkDiodeInterface(app, host) : []),
    ...checkRules(app, host),
    checkClock(host),
    await checkSeparation(app, host, app === 'collector' ? env['QRNG_PUSH_URL'] : undefined),
    ...checkHardening(app, host),
  ];
}

/** Whether packets leave or come as datagrams. */
function usesUdp(env: Environment): boolean {
  return /(^|,)\s*udp:/.test(env['QRNG_PUSH_URL'] ?? env['QRNG_RECEIVE'] ?? '');
}

/**
 * The part of the checklist that needs neither the machine nor the network.
 *
 * @param serviceUser the id of the app's user, where this machine has one.
 */
export function examineConfiguration(
  app: App,
  env: Environment,
  files: readonly string[],
  serviceUser: number | undefined,
  now: number,
): Finding[] {
  return app === 'gateway'
    ? examineSettings(GatewaySettings, gateway)
    : examineSettings(CollectorSettings, collector);

  function examineSettings<T extends GatewaySettings | CollectorSettings>(
    cls: SettingsClass<T>,
    own: (settings: Readonly<T>, now: number) => OwnPart,
  ): Finding[] {
    const read = settingsOf(cls, env);
    const { settings } = read;
    if (settings === undefined) return read.findings;
    const { findings, keyFiles, otherFiles } = own(settings, now);
    const secrets = [...secretFiles(cls, env), ...present(keyFiles)];
    return [
      ...read.findings,
      ...findings,
      ...keyAges(env, secretNames(cls), now),
      logLevel(settings.QRNG_LOG_LEVEL),
      ...permissions([...secrets, settings.QRNG_STATE_DIR]),
      ...settingsFiles(`qrng-${app}`, serviceUser, files),
      ...readableFor(`qrng-${app}`, serviceUser, [...secrets, ...present(otherFiles)]),
    ];
  }
}

/** What only one of the apps has. */
interface OwnPart {
  readonly findings: readonly Finding[];
  /** Files with secrets in them, beside NAME_FILE of the settings. */
  readonly keyFiles: readonly (string | undefined)[];
  readonly otherFiles: readonly (string | undefined)[];
}

function gateway(settings: Readonly<GatewaySettings>, now: number): OwnPart {
  const clients = (settings.QRNG_API_KEY ?? []).map(splitApiKeyEntry);
  const findings = [
    ...[() => readApiKeysOfSettings(settings), () => keysOf(settings)]
      .flatMap(problemsOf)
      .map(check('Settings').fail),
    ...(settings.QRNG_TLS === 'on'
      ? certificates(settings, now)
      : [
          check('TLS 1.3').warn(
            'QRNG_TLS=off: see to it that the proxy in front speaks TLS 1.3 only, and asks collectors for a client certificate',
          ),
        ]),
    ...(settings.QRNG_HMAC_SECRET_KEY === undefined // QRNG_INGEST=off: there is none to be weak
      ? []
      : [hmacKey('QRNG_HMAC_SECRET_KEY', settings.QRNG_HMAC_SECRET_KEY)]),
    ...clients.map((one, index) => apiKey(one.name ?? `client ${index + 1}`, one.key)),
    check('Rate limiting').pass(
      `${settings.QRNG_RATE_LIMIT_MAX} requests in ${settings.QRNG_RATE_LIMIT_WINDOW_SECS} s, ${settings.QRNG_RATE_LIMIT_BURST} in one`,
    ),
    settings.QRNG_METRICS_TOKEN === undefined
      ? check('Monitoring').warn('/metrics is open to everybody: set QRNG_METRICS_TOKEN')
      : check('Monitoring').pass('/metrics demands a token'),
  ];
  return {
    findings,
    keyFiles: [settings.QRNG_TLS_KEY_FILE, settings.QRNG_API_KEYS_FILE],
    otherFiles: [settings.QRNG_TLS_CERT_FILE, settings.QRNG_TLS_CLIENT_CA_FILE],
  };
}

function collector(settings: Readonly<CollectorSettings>, now: number): OwnPart {
  return {
    findings: [
      ...fileProblems(settings, now).map(check('Settings').fail),
      ...credentials(settings, now),
      hmacKey('QRNG_HMAC_SECRET_KEY', settings.QRNG_HMAC_SECRET_KEY),
    ],
    keyFiles: [settings.QRNG_PUSH_KEY_FILE],
    otherFiles: [settings.QRNG_APPLIANCE_CA_FILE, settings.QRNG_PUSH_CA_FILE, settings.QRNG_PUSH_CERT_FILE],
  };
}

/** Whether the collector's appliances and its gateway answer as they should; nothing without valid settings. */
async function examinePeers(env: Environment): Promise<Finding[]> {
  const { settings } = settingsOf(CollectorSettings, env);
  if (settings === undefined) return [];
  const appliances = settings.QRNG_APPLIANCE_URLS.filter((url) => url.startsWith('https:'));
  const trust = {
    caFile: settings.QRNG_APPLIANCE_CA_FILE,
    fingerprints: settings.QRNG_APPLIANCE_FINGERPRINT,
  };
  const pushUrl = settings.QRNG_PUSH_URL;
  const gateway = {
    caFile: settings.QRNG_PUSH_CA_FILE,
    certFile: settings.QRNG_PUSH_CERT_FILE,
    keyFile: settings.QRNG_PUSH_KEY_FILE,
  };
  const findings = await Promise.all([
    ...appliances.map((url) => examineSource(url, trust)),
    // Over udp and a spool nothing answers.
    ...(/^(udp|spool):/.test(pushUrl) ? [] : [examineGateway(pushUrl, gateway, Date.now)]),
  ]);
  return findings.flat();
}

function present(paths: readonly (string | undefined)[]): string[] {
  return paths.filter((path) => path !== undefined);
}

function settingsOf<T extends object>(
  cls: SettingsClass<T>,
  env: Environment,
): { settings?: Readonly<T>; findings: Finding[] } {
  const item = check('Settings');
  try {
    const { settings, warnings, withoutEffect } = readSettings(cls, env);
    return {
      settings,
      findings: [item.pass('all hold'), ...[...warnings, ...withoutEffect].map(item.warn)],
    };
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return { findings: error.problems.map(item.fail) };
  }
}

function logLevel(level: string): Finding {
  return ['info', 'debug', 'trace'].includes(level)
    ? check('Monitoring').pass(`the log says what happens (${level})`)
    : check('Monitoring').warn(`QRNG_LOG_LEVEL=${level} hides what a review of the log looks for: set info`);
}
