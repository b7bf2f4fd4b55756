/**
 * The main job on one machine, as three processes over real TLS:
 *
 *   simulated appliance (HTTPS) -> collector -> gateway (HTTPS, TLS 1.3) -> your curl
 *
 * Certificates, keys and state are new at each start and lie under .demo/. Variables of the environment (QRNG_...)
 * override the demo's settings. Usage: npm run demo [-- --seconds N]
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createWriteStream, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { Agent, request } from 'undici';
import { createAuthority } from '../tools/certificates/authority.js';
import { parsedArguments } from '../tools/parsed-arguments.js';

const FOLDER = resolve('.demo');
const PREFERRED_PORT = 7764;
const READY_WITHIN_MS = 30_000;
const REPORT_EVERY_MS = 5000;

interface Client {
  readonly url: string;
  readonly apiKey: string;
  readonly agent: Agent;
}

const children: { name: string; process: ChildProcess }[] = [];
let stopping = false;

const { values } = parsedArguments(
  { options: { seconds: { type: 'string' } } },
  'Usage: npm run demo [-- --seconds N]',
);
const seconds = values.seconds === undefined ? undefined : Number(values.seconds);
if (seconds !== undefined && !(seconds > 0)) {
  console.error('--seconds must be a positive number');
  process.exit(64);
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop(0));
const parent = process.ppid;
setInterval(() => process.ppid === parent || void stop(0), 1000).unref(); // npm was killed: nobody waits any more

const client = await start();
await untilReady(client);
announce(client);
if (seconds !== undefined) setTimeout(() => void stop(0), seconds * 1000);
setInterval(() => void report(client), REPORT_EVERY_MS);

async function start(): Promise<Client> {
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { mode: 0o700 });
  const authority = await createAuthority('QRNG-DD demo (throw-away)');
  const hosts = ['localhost', '127.0.0.1', '::1'];
  const caFile = save('ca.pem', authority.certificatePem);
  for (const name of ['appliance', 'gateway']) {
    const issued = await authority.issue({
      commonName: name === 'appliance' ? 'SIMULATED appliance' : name,
      hosts,
    });
    save(`${name}.pem`, issued.certificatePem);
    save(`${name}.key`, issued.keyPem);
  }
  const hmacKey = randomBytes(32).toString('hex');
  const apiKey = randomBytes(32).toString('hex');
  const [appliancePort, gatewayPort] = [await freePort(0), await freePort(PREFERRED_PORT)];
  const url = `https://localhost:${gatewayPort}`;

  run('appliance', 'libs/quantis/src/simulator/main.js', {}, [
    ...['--port', String(appliancePort)],
    ...['--cert', join(FOLDER, 'appliance.pem'), '--key', join(FOLDER, 'appliance.key')],
  ]);
  run('gateway', 'apps/gateway/src/main.js', {
    ...given(),
    QRNG_LISTEN_ADDRESS: `127.0.0.1:${gatewayPort}`,
    QRNG_TLS_CERT_FILE: join(FOLDER, 'gateway.pem'),
    QRNG_TLS_KEY_FILE: join(FOLDER, 'gateway.key'),
    QRNG_HMAC_SECRET_KEY: hmacKey,
    QRNG_API_KEY: `demo:${apiKey}`,
    QRNG_STATE_DIR: join(FOLDER, 'gateway-state'),
  });
  run('collector', 'apps/collector/src/main.js', {
    QRNG_FETCH_CHUNK_SIZE: '16384',
    QRNG_FETCH_INTERVAL_MS: '20',
    ...given(),
    QRNG_APPLIANCE_URLS: `https://localhost:${appliancePort}/api/2.0/streambytes`,
    QRNG_APPLIANCE_CA_FILE: caFile,
    QRNG_PUSH_URL: `${url}/push`,
    QRNG_PUSH_CA_FILE: caFile,
    QRNG_HMAC_SECRET_KEY: hmacKey,
    QRNG_STATE_DIR: join(FOLDER, 'collector-state'),
  });
  save(
    'client.env',
    `QRNG_URL=${url}\nQRNG_API_KEY=${apiKey}\nQRNG_CA_FILE=${caFile}\nQRNG_HMAC_SECRET_KEY=${hmacKey}\n`,
  );
  return { url, apiKey, agent: new Agent({ connect: { ca: authority.certificatePem } }) };
}

/** The settings that the caller gave. A variable that is of the other app only draws a warning in its log. */
function given(): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('QRNG_')));
}

function save(name: string, text: string): string {
  const path = join(FOLDER, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

function run(
  name: string,
  module: string,
  env: Record<string, string | undefined>,
  args: string[] = [],
): void {
  const path = join(import.meta.dirname, '..', module);
  const child = spawn(process.execPath, ['--disable-sigusr1', path, ...args], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true, // Ctrl-C reaches this process alone, which then ends the others in order
  });
  const log = createWriteStream(join(FOLDER, `${name}.log`));
  child.stdout.pipe(log);
  child.stderr.pipe(log);
  child.once('exit', (code, signal) => {
    if (stopping) return;
    console.error(`The ${name} ended (${signal ?? `exit code ${code}`}); see .demo/${name}.log`);
    void stop(1);
  });
  children.push({ name, process: child });
}

async function untilReady({ url, agent }: Client): Promise<void> {
  console.log(
    'Starting a simulated appliance, the collector and the gateway; waiting for the pool to fill ...',
  );
  const deadline = Date.now() + READY_WITHIN_MS;
  while (Date.now() < deadline) {
    const status = await request(`${url}/health/ready`, { dispatcher: agent }).then(
      async (answer) => (await answer.body.dump(), answer.statusCode),
      () => 0, // not listening yet
    );
    if (status === 200) return;
    await new Promise((wake) => setTimeout(wake, 100));
  }
  console.error(`The gateway was not ready within ${READY_WITHIN_MS / 1000} s; see the logs in .demo/`);
  await stop(1);
}

function announce({ url, apiKey }: Client): void {
  console.log(`
  The source is SIMULATED: its bytes come from the operating system, not from a quantum process.

  API         ${url}/api/random
  Swagger UI  ${url}/docs   (the browser will warn: the demo's CA is a throw-away)
  Logs        .demo/appliance.log  .demo/collector.log  .demo/gateway.log
  For scripts . .demo/client.env

  curl --cacert ${join(FOLDER, 'ca.pem')} -H 'Authorization: Bearer ${apiKey}' '${url}/api/random?bytes=32'

  Ctrl-C ends all three.
`);
}

async function report({ url, agent }: Client): Promise<void> {
  const answer = await request(`${url}/metrics`, { dispatcher: agent }).catch(() => undefined);
  if (answer === undefined || stopping) return;
  const metrics = await answer.body.text();
  const value = (name: string): number => {
    const lines = metrics.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'));
    return [...lines].reduce((sum, [, number]) => sum + Number(number), 0);
  };
  const fill = (100 * value('qrng_pool_bytes')) / value('qrng_pool_capacity_bytes');
  console.log(
    `  appliance -> collector -> gateway: ${value('qrng_entropy_received_bytes_total')} bytes received, ` +
      `${value('qrng_entropy_served_bytes_total')} served, pool ${fill.toFixed(1)} % full`,
  );
}

/** Ends the collector first, so that it can hand over what it holds. */
async function stop(code: number): Promise<never> {
  if (!stopping) {
    stopping = true;
    for (const { process: child } of children.toReversed()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = new Promise((done) => child.once('exit', done));
      child.kill('SIGTERM');
      const killer = setTimeout(() => child.kill('SIGKILL'), 12_000);
      await ended;
      clearTimeout(killer);
    }
    process.exit(code);
  }
  return new Promise(() => undefined);
}

/** `wanted` when it is free, else (and for 0) one that the system chooses. */
async function freePort(wanted: number): Promise<number> {
  const server = createServer();
  const listening = new Promise<void>((done, fail) => server.once('listening', done).once('error', fail));
  server.listen(wanted, '127.0.0.1');
  try {
    await listening;
  } catch {
    return freePort(0); // taken by something else; the printed URL says which port it became
  }
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}
