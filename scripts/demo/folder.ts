/** The demo's folder `.demo/`: certificates, keys and the settings of its three processes, new at each start. */
import { randomBytes } from 'node:crypto';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DirectoryLock } from '#libs/files';
import { createAuthority } from '../../tools/certificates/authority.js';
import { hasReceipts, receiptSettings } from './receipts.js';
import { shellWord } from '../../tools/environment/shell-word.js';

const LOCK = 'demo.lock';

export interface Ports {
  readonly appliance: number;
  readonly gateway: number;
}

type Variables = Readonly<Record<string, string | undefined>>;

/** What the demo's processes and its visitors need to know. */
export interface DemoSettings {
  readonly url: string;
  readonly apiKey: string;
  readonly certificateAuthority: string;
  readonly caFile: string;
  readonly gateway: Variables;
  readonly collector: Variables;
  /** Whether draws can have a receipt. */
  readonly receipts: boolean;
}

/**
 * Takes the folder for this process, and empties it of what an earlier demo left.
 *
 * @throws {DirectoryLockError} when another demo runs in it, which is left alone.
 */
export function takeFolder(folder: string): DirectoryLock {
  const lock = new DirectoryLock(folder, LOCK);
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(LOCK)) rmSync(join(folder, name), { recursive: true, force: true });
  }
  return lock;
}

/**
 * Makes keys and certificates and writes `client.env`, `gateway.env` and `collector.env`, for a shell to source.
 *
 * @param given settings of the caller.
 */
export async function makeSettings(folder: string, ports: Ports, given: Variables): Promise<DemoSettings> {
  const save = (name: string, text: string): string => saveIn(folder, name, text);
  const authority = await createAuthority('QRNG-DD demo (throw-away)');
  const hosts = ['localhost', '127.0.0.1', '::1'];
  const caFile = save('ca.pem', authority.certificatePem);
  for (const name of ['appliance', 'gateway']) {
    const commonName = name === 'appliance' ? 'SIMULATED appliance' : name;
    const issued = await authority.issue({ commonName, hosts, days: 30 }); // longer than a warning looks ahead
    save(`${name}.pem`, issued.certificatePem);
    save(`${name}.key`, issued.keyPem);
  }
  const hmacKey = randomBytes(32).toString('hex');
  const apiKey = randomBytes(32).toString('hex');
  const url = `https://localhost:${ports.gateway}`;
  const receipts = hasReceipts(given) ? receiptSettings(save, given['QRNG_COLLECTOR_ID']) : undefined;
  const gateway = {
    ...receipts?.gateway,
    QRNG_LISTEN_ADDRESS: `127.0.0.1:${ports.gateway}`,
    QRNG_TLS_CERT_FILE: join(folder, 'gateway.pem'),
    QRNG_TLS_KEY_FILE: join(folder, 'gateway.key'),
    QRNG_HMAC_SECRET_KEY: hmacKey,
    QRNG_API_KEY: `demo:${apiKey}`,
    QRNG_STATE_DIR: join(folder, 'gateway-state'),
  };
  const collector = {
    ...receipts?.collector,
    QRNG_APPLIANCE_URLS: `https://localhost:${ports.appliance}/api/2.0/streambytes`,
    QRNG_APPLIANCE_CA_FILE: caFile,
    QRNG_PUSH_URL: `${url}/push`,
    QRNG_PUSH_CA_FILE: caFile,
    QRNG_HMAC_SECRET_KEY: hmacKey,
    QRNG_STATE_DIR: join(folder, 'collector-state'),
  };
  const client = {
    QRNG_URL: url,
    QRNG_API_KEY: apiKey,
    QRNG_CA_FILE: caFile,
    QRNG_HMAC_SECRET_KEY: hmacKey,
  };
  for (const [name, variables] of Object.entries({ gateway, collector })) {
    save(`${name}.env`, environmentFile(variables));
  }
  // Exported for qrng; no consumer needs the HMAC key.
  save('client.env', `${environmentFile(client)}export QRNG_URL QRNG_API_KEY QRNG_CA_FILE\n`);
  return {
    url,
    apiKey,
    certificateAuthority: authority.certificatePem,
    caFile,
    gateway,
    collector,
    receipts: receipts !== undefined,
  };
}

function environmentFile(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .map(([name, value]) => `${name}=${shellWord(value)}\n`)
    .join('');
}

function saveIn(folder: string, name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}
