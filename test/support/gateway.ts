/** A gateway as start.ts boots it: real TLS on a port of its own, throw-away keys, its own state directory. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { readSettings } from '#libs/settings';
import { createGateway, listen } from '../../apps/gateway/src/create-gateway.js';
import { GatewaySettings } from '../../apps/gateway/src/settings.js';
import { createAuthority } from '../../tools/certificates/authority.js';
import type { Authority } from '../../tools/certificates/authority.js';
import { GatewayClient } from './gateway-client.js';
import type { Environment } from './gateway-client.js';

export type { Answer, Environment } from './gateway-client.js';

let sharedAuthority: Promise<Authority> | undefined;

/** The throw-away CA of this test process. */
export function testAuthority(): Promise<Authority> {
  sharedAuthority ??= createAuthority('QRNG-DD tests (throw-away)');
  return sharedAuthority;
}

/** A gateway in this process. */
export class TestGateway extends GatewayClient {
  constructor(
    readonly app: NestFastifyApplication,
    url: string,
    env: Environment,
    ca: string,
  ) {
    super(url, env, ca);
  }

  override async close(): Promise<void> {
    await super.close();
    await this.app.close();
  }
}

const folders: string[] = [];
process.once('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A new folder that is removed when the test process ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'qrng-test-'));
  folders.push(folder);
  return folder;
}

/** An environment that a gateway starts with: real certificate, new keys, a new folder; `overrides` win. */
export async function gatewayEnvironment(overrides: Environment = {}): Promise<Environment> {
  const folder = temporaryFolder();
  const authority = await testAuthority();
  const { certificatePem, keyPem } = await authority.issue({
    commonName: 'gateway',
    hosts: ['localhost', '127.0.0.1', '::1'],
    days: 90, // more than the 14 at which the gateway warns
  });
  writeFileSync(join(folder, 'gateway.pem'), certificatePem);
  writeFileSync(join(folder, 'gateway.key'), keyPem, { mode: 0o600 });
  return {
    QRNG_LISTEN_ADDRESS: '127.0.0.1:0',
    QRNG_TLS_CERT_FILE: join(folder, 'gateway.pem'),
    QRNG_TLS_KEY_FILE: join(folder, 'gateway.key'),
    QRNG_HMAC_SECRET_KEY: randomBytes(32).toString('hex'),
    QRNG_API_KEY: randomBytes(32).toString('hex'),
    QRNG_STATE_DIR: join(folder, 'state'),
    QRNG_LOG_LEVEL: 'silent',
    // So that no test meets a limit that it is not about.
    QRNG_RATE_LIMIT_MAX: '1000000000',
    QRNG_RATE_LIMIT_BURST: '1000000000',
    ...overrides,
  };
}

/** Boots a gateway on port 0. Start a second one with `gateway.env` to restart it on the same state. */
export async function startGateway(overrides: Environment = {}): Promise<TestGateway> {
  const env = await gatewayEnvironment(overrides);
  const { settings } = readSettings(GatewaySettings, env);
  const app = await createGateway(settings);
  const url = await listen(app, settings).catch(async (error: unknown) => {
    await app.close(); // it would miss its state directory once the test is over, and end the process
    throw error;
  });
  const { certificatePem } = await testAuthority();
  return new TestGateway(app, url, env, certificatePem);
}
