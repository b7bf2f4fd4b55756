/** A gateway as main.ts boots it: real TLS on a port of its own, throw-away keys, its own state directory. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Agent, request } from 'undici';
import type { Dispatcher } from 'undici';
import { readSettings } from '#libs/settings';
import { createGateway, listen } from '../../apps/gateway/src/create-gateway.js';
import { GatewaySettings } from '../../apps/gateway/src/settings.js';
import { createAuthority } from '../../scripts/certificates/authority.js';
import type { Authority } from '../../scripts/certificates/authority.js';
import { TestCollector } from './test-collector.js';

let sharedAuthority: Promise<Authority> | undefined;

/** The throw-away CA of this test process. */
export function testAuthority(): Promise<Authority> {
  sharedAuthority ??= createAuthority('QRNG-DD tests (throw-away)');
  return sharedAuthority;
}

export type Environment = Record<string, string | undefined>;

export interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: Buffer;
  readonly text: string;
}

type RequestOptions = Omit<Dispatcher.RequestOptions, 'origin' | 'path' | 'method'> & {
  method?: Dispatcher.HttpMethod;
};

/** A running gateway with the keys to it. */
export class TestGateway {
  readonly apiKey: string;
  /** A collector that holds the HMAC key; `collector.seal(data)` is its next packet. */
  readonly collector: TestCollector;
  readonly agent: Agent;

  constructor(
    readonly app: NestFastifyApplication,
    readonly url: string,
    readonly env: Environment,
    ca: string,
  ) {
    this.apiKey = env['QRNG_API_KEY'] ?? '';
    this.collector = new TestCollector(env['QRNG_HMAC_SECRET_KEY'] ?? '');
    this.agent = new Agent({ connect: { ca } });
  }

  /** Any request, without credentials unless `headers` has them. */
  async request(path: string, options: RequestOptions = {}): Promise<Answer> {
    const { statusCode, headers, body } = await request(this.url + path, {
      dispatcher: this.agent,
      ...options,
    });
    const bytes = Buffer.from(await body.arrayBuffer());
    return { status: statusCode, headers, body: bytes, text: bytes.toString() };
  }

  /** GET with the API key. */
  get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.request(path, { headers: { authorization: `Bearer ${this.apiKey}`, ...headers } });
  }

  /** POST /push of these bytes, as a collector sends them. */
  push(packet: Buffer, headers: Record<string, string> = {}): Promise<Answer> {
    return this.request('/push', {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream', ...headers },
      body: packet,
    });
  }

  /** Pushes `bytes` of entropy in packets of at most 1 MiB. */
  async fill(bytes: number): Promise<void> {
    for (let left = bytes; left > 0; left -= 1024 * 1024) {
      const { status } = await this.push(this.collector.seal(randomBytes(Math.min(left, 1024 * 1024))));
      if (status !== 204) throw new Error(`the push was answered ${status}`);
    }
  }

  /** The value of the sample of `/metrics` that starts with `series`, such as `qrng_pool_bytes`. */
  async metric(series: string): Promise<number | undefined> {
    const { text } = await this.get('/metrics');
    const line = text.split('\n').find((sample) => sample.startsWith(`${series} `));
    return line === undefined ? undefined : Number(line.slice(series.length + 1));
  }

  async close(): Promise<void> {
    await this.agent.destroy();
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
  const url = await listen(app, settings);
  const { certificatePem } = await testAuthority();
  return new TestGateway(app, url, env, certificatePem);
}
