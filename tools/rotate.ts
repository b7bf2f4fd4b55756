/**
 * `npm run rotate -- hmac|tls|client|api-key`: replaces a secret without losing a packet or a request, in steps that can
 * each be run again: what is done already is not done twice.
 */
import { join, resolve } from 'node:path';
import { asCalled, CommandError, commandLine, runCommand } from '#libs/command-line';
import { errorCode } from '#libs/files';
import { EnvironmentFileError, readEnvironmentFile, SettingsError } from '#libs/settings';
import { KeyFileError } from '../apps/gateway/src/clients/key-entries.js';
import type { KeyFileEntry } from '../apps/gateway/src/clients/key-file.js';
import type { App } from './doctor/app.js';
import { EditError, editKeyFile, INSTALLED_KEY_FILE } from './keys/edit-key-file.js';
import { beginApiKey, finishApiKey } from './rotate/api-key.js';
import type { ApiKeyStep } from './rotate/api-key.js';
import type { Kind } from './rotate/certificates.js';
import { readKey, rotateHmac, takeKey } from './rotate/hmac.js';
import { fileOf, takeCertificate, takeOver } from './rotate/live.js';
import { perform } from './rotate/step.js';
import type { Step } from './rotate/step.js';

const USAGE = `Usage: npm run rotate -- hmac    --in FOLDER | --on gateway | --on collector --key FILE
       npm run rotate -- tls     --in FOLDER | --on gateway --cert FILE --key FILE
       npm run rotate -- client  --in FOLDER | --on collector --cert FILE --key FILE
       npm run rotate -- api-key NAME [--file FILE]

Replaces a secret in steps; each can be run again, and does nothing that is done already.

  hmac      the key shared by both machines. First: a new key, the old one accepted beside it. When the collector has the new
            one, and ten minutes later: --finish
  tls       the gateway's certificate and its key
  client    the collector's certificate and its key
  api-key   a second key with the rights of NAME, printed once. When the client uses it: --finish disables NAME

  --in FOLDER    the folder that npm run setup made: changes both machines' files in it, to be brought there and put into
                 place by qrng-dd install
  --on APP       this machine: changes the files that /etc/qrng-dd/APP.env names, has the service read them, runs the doctor
  --env FILE     another file instead of /etc/qrng-dd/APP.env
  --file FILE    the file of API keys; QRNG_API_KEYS_FILE or /etc/qrng-dd/gateway/api-keys.json by default
  --key FILE, --cert FILE    what to put into place
  --finish       the last step: the old secret ends
  --at-once      hmac: the old key ends now, as others know it
  --again        although it was rotated within the last day
  --expires DATE api-key: when the new key ends, or never; needed where the old one has an end
  --days N       how long a new certificate is valid
  --dry-run      says what would be written, and writes nothing
  --help, --version

Exit code 0: done, or nothing to do. 1: it could not be done. 64: called wrongly. 75: it is too early, try again later.`;
const EX_USAGE = 64;
const DEFAULT_TTL_SECS = 300;

const text = { type: 'string' } as const;
const off = { type: 'boolean', default: false } as const;
const { values, positionals } = commandLine(USAGE, {
  allowPositionals: true,
  options: {
    ...{ in: text, on: text, env: text, file: text, key: text, cert: text, days: text, expires: text },
    ...{ finish: off, 'at-once': off, again: off, 'dry-run': off },
  },
});
const [what, name, ...more] = positionals;
const dryRun = values['dry-run'];
await runCommand(async () => {
  process.exitCode = await rotate().catch((error: unknown) => {
    const expected = [EnvironmentFileError, SettingsError, KeyFileError, EditError];
    const isKnown = expected.some((kind) => error instanceof kind) || /^E[A-Z0-9]+$/.test(errorCode(error));
    throw isKnown && error instanceof Error ? new CommandError(error.message) : error;
  });
});

async function rotate(): Promise<number> {
  if (more.length > 0 || (name !== undefined && what !== 'api-key')) misused('Too many arguments.');
  switch (what) {
    case 'hmac':
      return values.in === undefined ? hmacOnMachine() : inFolder(hmacInFolder(resolve(values.in)));
    case 'tls':
    case 'client':
      return values.in === undefined
        ? certificateOnMachine(what)
        : inFolder(await certificateInFolder(what, values.in));
    case 'api-key':
      return apiKey();
    case undefined:
    default:
      return misused('Name what to rotate: hmac, tls, client or api-key.');
  }
}

function hmacInFolder(folder: string): Step {
  const files = {
    current: join(folder, 'gateway/hmac.key'),
    previous: join(folder, 'gateway/hmac.previous.key'),
    copies: [join(folder, 'collector/hmac.key')],
  };
  return rotateHmac(files, hmacOptions(join(folder, 'gateway/gateway.env')), Date.now());
}

/** Says what to bring where. */
function inFolder(step: Step): number {
  perform(step, dryRun);
  const machines = (['gateway', 'collector'] as const).filter((app) =>
    step.changes.some(({ path }) => path.includes(`/${app}/`)),
  );
  if (machines.length > 0) console.log('\nBring to its machine, and put into place there as root:\n');
  for (const app of machines) console.log(`  ${app}: qrng-dd install ${app}`);
  return 0;
}

function hmacOnMachine(): number {
  const app = machine();
  const key = values.key === undefined ? undefined : readKey(values.key);
  const current = fileOf(app, 'QRNG_HMAC_SECRET_KEY_FILE', values.env);
  if (app === 'collector') {
    if (key === undefined) misused('The collector takes the key that the gateway has: --key FILE.');
    return onMachine(app, takeKey(current, key));
  }
  const previous = fileOf(app, 'QRNG_HMAC_SECRET_KEY_PREVIOUS_FILE', values.env);
  const options = { ...hmacOptions(values.env ?? '/etc/qrng-dd/gateway.env'), key };
  return onMachine(app, rotateHmac({ current, previous, copies: [] }, options, Date.now()));
}

function certificateOnMachine(kind: Kind): number {
  const app = machine();
  const expected = kind === 'tls' ? 'gateway' : 'collector';
  if (app !== expected) misused(`rotate ${kind} is for the ${expected}: --on ${expected}.`);
  const { cert: certificate, key } = values;
  if (certificate === undefined || key === undefined) misused('Name the new files: --cert FILE --key FILE.');
  const prefix = kind === 'tls' ? 'QRNG_TLS' : 'QRNG_PUSH';
  const paths = {
    certificate: fileOf(app, `${prefix}_CERT_FILE`, values.env),
    key: fileOf(app, `${prefix}_KEY_FILE`, values.env),
  };
  const purpose = kind === 'tls' ? 'server' : 'client';
  return onMachine(app, takeCertificate(paths, { certificate, key }, purpose, Date.now()));
}

function onMachine(app: App, step: Step): number {
  perform(step, dryRun);
  return dryRun || step.changes.length === 0 ? 0 : takeOver(app, values.env);
}

async function certificateInFolder(kind: Kind, folder: string): Promise<Step> {
  const { rotateCertificate } = await import('./rotate/certificates.js'); // the X.509 library has 190 modules
  return rotateCertificate(kind, resolve(folder), { days: values.days, again: values.again }, Date.now());
}

function apiKey(): number {
  if (name === undefined) misused('Name the key: rotate -- api-key NAME.');
  const file = values.file ?? process.env['QRNG_API_KEYS_FILE'] ?? INSTALLED_KEY_FILE;
  const stepOn = (entries: readonly KeyFileEntry[]): ApiKeyStep =>
    values.finish ? finishApiKey(entries, name) : beginApiKey(entries, name, values);
  if (dryRun) {
    console.error(`Dry run, nothing is written. ${stepOn(editKeyFile(file)).message}`);
    return 0;
  }
  // Decided on what the file holds while nobody else can change it.
  const done = { message: '', key: undefined as string | undefined };
  try {
    editKeyFile(file, (entries) => Object.assign(done, stepOn(entries)).entries);
  } catch (error) {
    const isOfFile = error instanceof EditError || error instanceof KeyFileError;
    throw isOfFile ? new CommandError(`${file}: ${error.message}`) : error;
  }
  console.error(asCalled(done.message));
  if (done.key !== undefined) console.log(done.key);
  return 0;
}

function hmacOptions(environmentFile: string): Parameters<typeof rotateHmac>[1] {
  const ttl = Number(readEnvironmentFile(environmentFile)['QRNG_PACKET_TTL_SECS'] ?? DEFAULT_TTL_SECS);
  const { finish, 'at-once': atOnce, again } = values;
  return { finish, atOnce, again, overlapMs: 2000 * ttl };
}

function machine(): App {
  if (values.on === 'gateway' || values.on === 'collector') return values.on;
  return misused('Say where: --in FOLDER, or --on gateway or --on collector for this machine.');
}

function misused(message: string): never {
  console.error(asCalled(`${message}\n\nnpm run rotate -- --help says more.`));
  process.exit(EX_USAGE);
}
