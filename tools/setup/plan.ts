/** Every file that `npm run setup` makes, with its mode, its owner and what is to be in it. */
import { shellWord } from '../environment/shell-word.js';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Installation } from './installation.js';
import { publicHalf } from './material.js';
import type { Material } from './material.js';
import {
  clientUrl,
  collectorEnvironment,
  collectorRules,
  gatewayEnvironment,
  gatewayRules,
  portDropIn,
  receiptsOrigin,
} from './templates.js';

export interface PlannedFile {
  /** Below the folder. */
  readonly path: string;
  readonly mode: number;
  /** The user that owns it on the machine. */
  readonly owner: 'root' | 'qrng-gateway' | 'qrng-collector';
  readonly content: () => string | Promise<string>;
}

/** Files that are made together: one without the other could not be completed later. */
export const PAIRS: readonly (readonly [string, string])[] = [
  ['authority/gateway-ca.crt', 'authority/gateway-ca.key'],
  ['authority/collector-ca.crt', 'authority/collector-ca.key'],
  ['gateway/tls.crt', 'gateway/tls.key'],
  ['collector/push.crt', 'collector/push.key'],
  ['gateway/api-keys.json', 'client/client.env'],
];

const SECRET = 0o600;
const OPEN = 0o644;

/**
 * The files in the order in which they are written: an authority before what it issues.
 *
 * @param folder that they are below.
 * @param applianceCa the text of the appliances' CA file, where there is one.
 */
export function plan(
  of: Installation,
  material: Material,
  folder: string,
  applianceCa: string | undefined,
): PlannedFile[] {
  return [
    ...authority(material),
    ...gateway(of, material),
    ...collector(of, material, applianceCa),
    ...client(of, material, folder),
  ];
}

function authority(material: Material): PlannedFile[] {
  return (['gateway', 'collector'] as const).flatMap((name) => {
    const get = name === 'gateway' ? material.gatewayAuthority : material.collectorAuthority;
    return [
      file(`authority/${name}-ca.key`, SECRET, 'root', async () => (await get()).keyPem),
      file(`authority/${name}-ca.crt`, OPEN, 'root', async () => (await get()).certificatePem),
    ];
  });
}

function gateway(of: Installation, material: Material): PlannedFile[] {
  const own = (name: string, content: PlannedFile['content']): PlannedFile =>
    file(`gateway/${name}`, SECRET, 'qrng-gateway', content);
  return [
    file('gateway/gateway.env', SECRET, 'root', () => gatewayEnvironment(of)),
    file('gateway/gateway.nft', OPEN, 'root', () => gatewayRules(of)),
    ...portDropIn(of).map((content) => file('gateway/port.conf', OPEN, 'root', () => content)),
    own('tls.key', async () => (await material.gatewayCertificate()).keyPem),
    own('tls.crt', async () => (await material.gatewayCertificate()).certificatePem),
    own('collector-ca.crt', async () => (await material.collectorAuthority()).certificatePem),
    own('hmac.key', () => `${material.hmacKey()}\n`),
    own('hmac.previous.key', () => ''),
    own('metrics.token', () => `${randomBytes(32).toString('hex')}\n`),
    own('receipts.key', () => material.receiptsKey()),
    own('api-keys.json', () => `${JSON.stringify([material.apiKey().entry], undefined, 2)}\n`),
  ];
}

function collector(of: Installation, material: Material, applianceCa: string | undefined): PlannedFile[] {
  const own = (name: string, content: PlannedFile['content']): PlannedFile =>
    file(`collector/${name}`, SECRET, 'qrng-collector', content);
  return [
    file('collector/collector.env', SECRET, 'root', () =>
      collectorEnvironment(of, applianceCa !== undefined),
    ),
    file('collector/collector.nft', OPEN, 'root', () => collectorRules(of)),
    own('push.key', async () => (await material.collectorCertificate()).keyPem),
    own('push.crt', async () => (await material.collectorCertificate()).certificatePem),
    own('signing.key', () => material.signingKey()),
    own('gateway-ca.crt', async () => (await material.gatewayAuthority()).certificatePem),
    own('hmac.key', () => `${material.hmacKey()}\n`),
    ...(applianceCa === undefined ? [] : [own('appliance-ca.crt', () => applianceCa)]),
  ];
}

/** What the first client needs, in a file for a shell to source. */
function client(of: Installation, material: Material, folder: string): PlannedFile[] {
  const caFile = 'client/gateway-ca.crt';
  return [
    file(caFile, OPEN, 'root', async () => (await material.gatewayAuthority()).certificatePem),
    // For verifiers of receipts: who pins it needs no word of the gateway.
    file('client/collector.pub', OPEN, 'root', () => publicHalf(of.collectorId, material.signingKey())),
    file('client/receipts.pub', OPEN, 'root', () => publicHalf(receiptsOrigin(of), material.receiptsKey())),
    file('client/client.env', SECRET, 'root', () => {
      const { key } = material.apiKey();
      return `QRNG_URL=${clientUrl(of)}\nQRNG_API_KEY=${key}\nQRNG_CA_FILE=${shellWord(join(folder, caFile))}\n`;
    }),
  ];
}

function file(
  path: string,
  mode: number,
  owner: PlannedFile['owner'],
  content: PlannedFile['content'],
): PlannedFile {
  return { path, mode, owner, content };
}
