/**
 * The main job on one machine, as three processes over real TLS:
 *
 *   simulated appliance (HTTPS) -> collector -> gateway (HTTPS, TLS 1.3) -> your curl
 *
 * Certificates, keys and state are new at each start and lie under .demo/. Variables of the environment (QRNG_...)
 * override the demo's settings.
 */
import { join, resolve } from 'node:path';
import { Agent, request } from 'undici';
import { commandLine, misused, onOutputClosed } from '#libs/command-line';
import { DirectoryLockError } from '#libs/files';
import { shellWord } from '../tools/environment/shell-word.js';
import { makeSettings, takeFolder } from './demo/folder.js';
import type { DemoSettings } from './demo/folder.js';
import { RECEIPT_LINES } from './demo/receipts.js';
import { freePort } from './demo/free-port.js';
import { Processes } from './demo/processes.js';

const USAGE = `Usage: npm run demo [-- --seconds N] [--without gateway|collector]

  --seconds N       ends by itself after N seconds, with exit code 0
  --without APP     leaves out the gateway or the collector: to run it from the sources, see CONTRIBUTING.md
  --help, --version

Exit code 0: ended as told. 1: a part of it ended by itself. 64: called wrongly. 75: another demo runs in this folder.`;
const FOLDER = resolve('.demo');
const PREFERRED_PORT = 7764;
const READY_WITHIN_MS = 30_000;
const REPORT_EVERY_MS = 5000;
const EX_TEMPFAIL = 75;

const { seconds, without } = options();
const processes = new Processes(FOLDER, (name, how) => {
  console.error(`The ${name} ended (${how}); see .demo/${name}.log`);
  void stop(1);
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop(0));
onOutputClosed(() => void stop(0)); // as under `| head`
const parent = process.ppid;
setInterval(() => process.ppid === parent || void stop(0), 1000).unref(); // npm was killed: nobody waits any more

const demo = await start();
const dispatcher = new Agent({ connect: { ca: demo.certificateAuthority, rejectUnauthorized: true } });
if (without === undefined) await untilReady();
announce();
if (seconds !== undefined) setTimeout(() => void stop(0), seconds * 1000);
setInterval(() => void report(), REPORT_EVERY_MS);

function options(): { seconds: number | undefined; without: string | undefined } {
  const text = { type: 'string' } as const;
  const { values } = commandLine(USAGE, { options: { seconds: text, without: text } });
  const seconds = values.seconds === undefined ? undefined : Number(values.seconds);
  if (seconds !== undefined && !(seconds > 0)) misused('--seconds must be a positive number', USAGE);
  if (![undefined, 'gateway', 'collector'].includes(values.without)) {
    misused('--without must be gateway or collector', USAGE);
  }
  return { seconds, without: values.without };
}

async function start(): Promise<DemoSettings> {
  takeFolderOrExit();
  console.log('Making a throw-away CA, certificates and keys in .demo/ ...');
  const ports = { appliance: await freePort(), gateway: await freePort(PREFERRED_PORT) };
  const settings = await makeSettings(FOLDER, ports, given());
  console.log('Starting a simulated appliance, the collector and the gateway ...');
  processes.start({
    name: 'appliance',
    module: 'libs/quantis/src/simulator/main.js',
    env: {},
    args: [
      ...['--port', String(ports.appliance)],
      ...['--cert', join(FOLDER, 'appliance.pem'), '--key', join(FOLDER, 'appliance.key')],
    ],
  });
  if (without !== 'gateway') {
    const env = { ...given(), ...settings.gateway };
    processes.start({ name: 'gateway', module: 'apps/gateway/src/main.js', env });
  }
  if (without !== 'collector') {
    const faster = { QRNG_FETCH_CHUNK_SIZE: '16384', QRNG_FETCH_INTERVAL_MS: '20' };
    const env = { ...faster, ...given(), ...settings.collector };
    processes.start({ name: 'collector', module: 'apps/collector/src/main.js', env });
  }
  return settings;
}

function takeFolderOrExit(): void {
  try {
    const lock = takeFolder(FOLDER);
    process.once('exit', () => lock.close());
  } catch (error) {
    if (!(error instanceof DirectoryLockError)) throw error;
    console.error(
      error.busy
        ? 'A demo runs in this folder already. Stop it first, or start this one in another clone.'
        : `.demo/ cannot be written (${error.code})`,
    );
    process.exit(EX_TEMPFAIL);
  }
}

/** The settings that the caller gave. A variable that is of the other app only draws a warning in its log. */
function given(): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('QRNG_')));
}

async function untilReady(): Promise<void> {
  console.log('Waiting for the pool to fill ...');
  const deadline = Date.now() + READY_WITHIN_MS;
  while (Date.now() < deadline) {
    const status = await request(`${demo.url}/health/ready`, { dispatcher }).then(
      async (answer) => (await answer.body.dump(), answer.statusCode),
      () => 0, // not listening yet
    );
    if (status === 200) return;
    await new Promise((wake) => setTimeout(wake, 100));
  }
  console.error(`The gateway was not ready within ${READY_WITHIN_MS / 1000} s; see the logs in .demo/`);
  await stop(1);
}

function announce(): void {
  const { url, apiKey, caFile } = demo;
  if (without !== undefined) {
    const command = without === 'gateway' ? 'npm run start:dev' : 'npm run start:dev:collector';
    console.log(`
  The ${without} is yours to start, in another shell:

  set -a; . .demo/${without}.env; set +a; ${command}`);
  }
  console.log(`
  The source is SIMULATED: its bytes come from the operating system, not from a quantum process.

  Status page ${url}/#key=${apiKey}   (open it to see entropy flow)
  API         ${url}/api/random
  Swagger UI  ${url}/docs   (the browser will warn: the demo's CA is a throw-away)
  Logs        .demo/appliance.log  .demo/collector.log  .demo/gateway.log
  For scripts . .demo/client.env

  curl --cacert ${shellWord(caFile)} -H 'Authorization: Bearer ${apiKey}' '${url}/api/random?bytes=32'
${demo.receipts ? RECEIPT_LINES : ''}
  Ctrl-C ends all three.
`);
}

async function report(): Promise<void> {
  const answer = await request(`${demo.url}/metrics`, { dispatcher }).catch(() => undefined);
  if (answer === undefined || processes.stopping) return;
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

/** Never returns: the process ends, or is ending. */
async function stop(code: number): Promise<never> {
  if (!processes.stopping) {
    await processes.stop();
    process.exit(code);
  }
  return new Promise(() => undefined);
}
