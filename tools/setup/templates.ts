/** Fills in the annotated examples of config/ and deploy/ for one installation; what is not filled in stays a default. */
import { readFileSync } from 'node:fs';
import { isIPv4, isIPv6 } from 'node:net';
import { join } from 'node:path';
import type { Installation } from './installation.js';

const ROOT = join(import.meta.dirname, '../../..');
const DEFAULT_LISTEN_PORT = 7764;

/** Where the installed files lie on each machine. */
export const CONFIGURATION = '/etc/qrng-dd';

/** gateway.env for the gateway's machine. */
export function gatewayEnvironment(installation: Installation): string {
  const { port } = installation;
  return environment('gateway', {
    ...(port === DEFAULT_LISTEN_PORT ? {} : { QRNG_LISTEN_ADDRESS: `0.0.0.0:${port}` }),
    QRNG_TLS_CLIENT_CA_FILE: `${CONFIGURATION}/gateway/collector-ca.crt`,
    QRNG_METRICS_TOKEN_FILE: `${CONFIGURATION}/gateway/metrics.token`,
    // Ready for `on`.
    QRNG_RECEIPTS: 'off',
    QRNG_RECEIPTS_KEY_FILE: `${CONFIGURATION}/gateway/receipts.key`,
    QRNG_RECEIPTS_ORIGIN: receiptsOrigin(installation),
    QRNG_STATE_DIR: '/var/lib/qrng-gateway',
  });
}

/** collector.env for the collector's machine; without sources QRNG_APPLIANCE_URLS stays to be set. */
export function collectorEnvironment(installation: Installation, applianceCa: boolean): string {
  const { appliances, applianceFingerprints: pins, collectorId } = installation;
  return environment('collector', {
    QRNG_APPLIANCE_URLS: appliances.length === 0 ? undefined : appliances.join(','),
    QRNG_APPLIANCE_CA_FILE: applianceCa ? `${CONFIGURATION}/collector/appliance-ca.crt` : undefined,
    ...(pins.length === 0 ? {} : { QRNG_APPLIANCE_FINGERPRINT: pins.join(',') }),
    ...(appliances.length > 1 ? { QRNG_MIXING_STRATEGY: 'hkdf' } : {}),
    QRNG_PUSH_URL: pushUrl(installation),
    QRNG_PUSH_CERT_FILE: `${CONFIGURATION}/collector/push.crt`,
    QRNG_PUSH_KEY_FILE: `${CONFIGURATION}/collector/push.key`,
    ...(collectorId === 'collector-1' ? {} : { QRNG_COLLECTOR_ID: collectorId }),
    QRNG_SIGNING_KEY_FILE: `${CONFIGURATION}/collector/signing.key`,
    QRNG_STATE_DIR: '/var/lib/qrng-collector',
  });
}

/** The collector's URL of the gateway: by address where one is known, so that no resolver has to be reached. */
export function pushUrl({ gateway, gatewayAddresses, port }: Installation): string {
  return `https://${inUrl(gatewayAddresses[0] ?? gateway)}:${port}/push`;
}

/** The name of the gateway's receipt log. */
export function receiptsOrigin({ gateway }: Installation): string {
  return `${gateway}/receipts`;
}

/** The clients' URL of the gateway. */
export function clientUrl({ gateway, port }: Installation): string {
  return `https://${inUrl(gateway)}:${port}`;
}

/** For systemd, when the gateway listens at another port than its unit allows. */
export function portDropIn({ port }: Installation): string[] {
  if (port === DEFAULT_LISTEN_PORT) return [];
  return [`[Service]\nSocketBindAllow=\nSocketBindAllow=tcp:${port}\n`];
}

/** The firewall rules of the gateway's machine. */
export function gatewayRules(installation: Installation): string {
  const { port, collectorAddresses, administrators, logServers, timeServers } = installation;
  return rules('gateway', {
    PORT: String(port),
    ...both('COLLECTORS', collectorAddresses),
    ...both('ADMINISTRATORS', administrators),
    ...both('LOG_SERVERS', logServers),
    TIME_SERVERS: set(timeServers.filter(isVersion(4)), '127.0.0.1'),
  });
}

/** The firewall rules of the collector's machine. */
export function collectorRules(installation: Installation): string {
  const { port, gatewayAddresses, administrators, logServers, timeServers } = installation;
  const sources = applianceHosts(installation);
  return rules('collector', {
    GATEWAY_PORT: String(port),
    ...both('GATEWAY', gatewayAddresses),
    ...both('APPLIANCES', sources.hosts),
    ...(sources.ports.length === 0 ? {} : { APPLIANCE_PORT: set(sources.ports, '443') }),
    ...both('ADMINISTRATORS', administrators),
    ...both('LOG_SERVERS', logServers),
    TIME_SERVERS: set(timeServers.filter(isVersion(4)), '127.0.0.1'),
  });
}

/** Hosts and ports of the appliances that are reached over the network. */
export function applianceHosts({ appliances }: Installation): { hosts: string[]; ports: string[] } {
  const urls = appliances.map((url) => new URL(url)).filter(({ protocol }) => protocol !== 'file:');
  return {
    hosts: urls.map(({ hostname }) => hostname.replace(/^\[|\]$/g, '')),
    ports: [...new Set(urls.map(({ port }) => (port === '' ? '443' : port)))],
  };
}

/** The example with these settings: each switched on with a value, or off where it is undefined. */
function environment(app: string, values: Record<string, string | undefined>): string {
  let text = readFileSync(join(ROOT, 'config', `${app}.env.example`), 'utf8');
  for (const [name, value] of Object.entries(values)) {
    const line = new RegExp(`^#?${name}=.*$`, 'm');
    if (!line.test(text)) throw new Error(`config/${app}.env.example has no ${name}`);
    text = text.replace(line, () => (value === undefined ? `#${name}=` : `${name}=${value}`));
  }
  return text;
}

/** The rules with these definitions. */
function rules(app: string, definitions: Record<string, string>): string {
  let text = readFileSync(join(ROOT, 'deploy/nftables', `${app}.nft`), 'utf8');
  for (const [name, value] of Object.entries(definitions)) {
    const line = new RegExp(`^define ${name} = .*$`, 'm');
    if (!line.test(text)) throw new Error(`deploy/nftables/${app}.nft defines no ${name}`);
    text = text.replace(line, `define ${name} = ${value}`);
  }
  return text;
}

/** NAME and NAME_6, whose elements cannot be of one set; a host name is in neither. */
function both(name: string, hosts: readonly string[]): Record<string, string> {
  return {
    [name]: set(hosts.filter(isVersion(4)), '127.0.0.1'),
    [`${name}_6`]: set(hosts.filter(isVersion(6)), '::1'),
  };
}

/** `none` is the loopback address that stands for none. */
function set(items: readonly string[], none: string): string {
  return `{ ${items.length === 0 ? none : items.join(', ')} }`;
}

function isVersion(version: 4 | 6): (range: string) => boolean {
  return (range) => (version === 4 ? isIPv4 : isIPv6)(range.replace(/\/\d+$/, ''));
}

function inUrl(host: string): string {
  return isIPv6(host) ? `[${host}]` : host;
}
