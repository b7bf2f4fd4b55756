/**
 * `npm run replay`: what the gateway remembers of each collector and why it refuses one, and how to have it forget that.
 */
import { CommandError, commandLine, misused, runCommand } from '#libs/command-line';
import { errorCode } from '#libs/files';
import { EnvironmentFileError, readEnvironmentFile, readSettings, SettingsError } from '#libs/settings';
import { GatewaySettings } from '../apps/gateway/src/settings.js';
import { reportLines } from './replay/describe.js';
import { forgetLocal, showLocal } from './replay/local.js';

const USAGE = `Usage: npm run replay -- [show | forget COLLECTOR ...] [--env ENV-FILE | --state DIR]

  show      the floor, the position of each collector, when it is forgotten, and why packets are refused until then
  forget    has the gateway take a collector again from now on, whatever its number, and nothing that was exposed before

ENV-FILE is the gateway's, such as /etc/qrng-dd/gateway.env; without it and --state the environment is read. With
QRNG_REDIS_URL the state is in Redis, else in QRNG_STATE_DIR (/var/lib/qrng-gateway). Both work whether a gateway runs or not.

  --json    show prints one JSON object; times are Unix ms
  --help, --version

Exit code 0: done. 1: the state cannot be read or changed. 64: called wrongly. 66: ENV-FILE cannot be read.`;
const EX_NOINPUT = 66;
/** All that is read of the settings: a key file that is damaged keeps nobody from looking. */
const NAMES = [
  ...(['QRNG_STATE_DIR', 'QRNG_REDIS_URL', 'QRNG_REDIS_PREFIX'] as const),
  ...(['QRNG_PACKET_TTL_SECS', 'QRNG_CLOCK_SKEW_SECS'] as const),
] as const;

const text = { type: 'string' } as const;
const { values, positionals } = commandLine(USAGE, {
  allowPositionals: true,
  options: { env: text, state: text, json: { type: 'boolean', default: false } },
});
const [command = 'show', ...collectors] = positionals;
if (command !== 'show' && command !== 'forget') misused(`There is no command ${command}.`, USAGE);
if (command === 'show' && collectors.length > 0) misused('show takes no collector.', USAGE);
if (command === 'forget' && collectors.length === 0) misused('Name the collector to forget.', USAGE);
const wrong = collectors.find((name) => !/^[a-z0-9-]{1,16}$/.test(name));
if (wrong !== undefined) misused(`${wrong} is no collector's name.`, USAGE);

await runCommand(() =>
  run().catch((error: unknown) => {
    if (error instanceof EnvironmentFileError) throw new CommandError(error.message, EX_NOINPUT);
    if (error instanceof SettingsError) throw new CommandError(error.message);
    const code = errorCode(error);
    if (!/^E[A-Z]+$/.test(code)) throw error;
    throw new CommandError(
      `The state cannot be used (${code}). Is it the gateway's, and may you read it and write to it?`,
    );
  }),
);

async function run(): Promise<void> {
  const settings = settingsOf();
  const window = {
    ttlMs: settings.QRNG_PACKET_TTL_SECS * 1000,
    skewMs: settings.QRNG_CLOCK_SKEW_SECS * 1000,
  };
  const isShared = settings.QRNG_REDIS_URL !== undefined && values.state === undefined;
  const shared = isShared ? await import('./replay/shared.js') : undefined; // Redis' client has 650 modules
  const { QRNG_STATE_DIR: directory } = settings;
  if (command === 'forget') {
    const answers = shared
      ? await shared.forgetShared(settings, collectors)
      : await forgetLocal(directory, collectors, window, Date.now());
    console.log(values.json ? JSON.stringify({ answers }) : answers.join('\n'));
    return;
  }
  const report = shared
    ? await shared.showShared(settings, window, Date.now())
    : await showLocal(directory, window, Date.now());
  console.log(values.json ? JSON.stringify(report, undefined, 2) : reportLines(report).join('\n'));
}

function settingsOf(): Readonly<GatewaySettings> {
  const env = values.env === undefined ? process.env : readEnvironmentFile(values.env);
  const QRNG_STATE_DIR = values.state ?? env['QRNG_STATE_DIR'] ?? '/var/lib/qrng-gateway';
  return readSettings(GatewaySettings, { ...env, QRNG_STATE_DIR }, NAMES).settings;
}
