/**
 * `npm run setup`: makes everything that an installation on two machines needs, offline: authorities, certificates, keys,
 * settings and firewall rules. What is there already stays as it is, so it can be run again at any time.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CommandError, commandLine, runCommand } from '#libs/command-line';
import { errorCode, replaceFile } from '#libs/files';
import { lines, summary } from './doctor/finding.js';
import { checkFolder } from './setup/check.js';
import { AnswerError, installationOf } from './setup/installation.js';
import type { Answers, Installation } from './setup/installation.js';
import { copyList, openPoints } from './setup/instructions.js';
import { Material } from './setup/material.js';
import { plan } from './setup/plan.js';
import { ask } from './setup/questions.js';
import { writeFiles } from './setup/write.js';

const USAGE = `Usage: npm run setup -- --gateway HOST[:PORT] --collector-host HOST --out FOLDER [OPTIONS]

Makes, offline, what an installation on two machines needs: certificate authorities, certificates, the HMAC key, a metrics
token, a first API key, settings and firewall rules, as one folder for each machine. Asks on a terminal for what is not
given. Files that are there are never overwritten, so that it can be run again.

  --gateway HOST[:PORT]         name or address of the gateway, as the collector and clients use it; port 7764
  --gateway-address IP,...      its addresses, for the collector's firewall and the certificate
  --san NAME,...                further names and addresses for its certificate
  --collector-host HOST         name or address of the collector's machine
  --collector-address IP,...    its addresses, for the gateway's firewall
  --collector-id ID             QRNG_COLLECTOR_ID; collector-1
  --appliance URL,...           sources: https://HOST/api/2.0/streambytes or file:///dev/NAME
  --appliance-ca FILE           the CA of the appliances' certificates
  --appliance-fingerprint F,... or the SHA-256 fingerprints of these certificates
  --administrators IP,...       who may log in to both machines by SSH; a range is 192.0.2.0/24
  --log-servers IP,...          where both machines may send their logs
  --time-servers IP,...         where both machines get the time
  --client NAME                 name of the first API key; first
  --days N                      how long the certificates are valid; 365
  --out FOLDER                  where the folders go
  --dry-run                     says what would be made, and makes nothing
  --help, --version

Exit code 0: done. 1: the folder could not be completed. 64: called wrongly.`;

const text = { type: 'string' } as const;
const off = { type: 'boolean', default: false } as const;
const ANSWERS = {
  gateway: text,
  'gateway-address': text,
  san: text,
  'collector-host': text,
  'collector-address': text,
  'collector-id': text,
  appliance: text,
  'appliance-ca': text,
  'appliance-fingerprint': text,
  administrators: text,
  'log-servers': text,
  'time-servers': text,
  client: text,
  days: text,
  out: text,
};
const SAVED = 'setup.json';
const EX_USAGE = 64;

const { values } = commandLine(USAGE, { options: { ...ANSWERS, 'dry-run': off } });
const { 'dry-run': dryRun, ...given } = values;
await runCommand(() =>
  run(given).catch((error: unknown) => {
    if (!(error instanceof AnswerError)) throw error;
    throw new CommandError(`${error.message}\n\nnpm run setup -- --help says more.`, EX_USAGE);
  }),
);

async function run(given: Answers): Promise<void> {
  const before = saved(given['out']);
  const known = { ...before, ...given };
  const answers = process.stdin.isTTY ? await ask(known) : known;
  const installation = installationOf(answers);
  if (answers['out'] === undefined) throw new AnswerError('--out is missing');
  const folder = resolve(answers['out']);
  const applianceCa = readApplianceCa(answers['appliance-ca']);
  const files = plan(installation, new Material(installation, folder), folder, applianceCa);
  const written = await writeFiles(folder, files, dryRun);
  if (!dryRun) save(folder, answers);
  for (const { file, made } of written) {
    console.log(`${made ? (dryRun ? 'would make' : 'made      ') : 'kept      '} ${join(folder, file.path)}`);
  }
  const changed = Object.keys(ANSWERS).filter(
    (name) => before[name] !== undefined && before[name] !== known[name],
  );
  if (changed.length > 0) {
    console.log(
      `\nNew answers: ${changed.map((name) => `--${name}`).join(', ')}. Files that were kept say what they said before; remove those that are to be made again, and run this once more.`,
    );
  }
  if (!dryRun) finish(folder, installation);
}

function finish(folder: string, installation: Installation): void {
  for (const { app, findings } of checkFolder(folder, Date.now())) {
    console.log(`\nThe doctor on ${app}/: ${summary(findings)}. On its machine it sees the rest.`);
    for (const line of lines(findings.filter(({ level }) => level !== 'pass'))) console.log(`  ${line}`);
  }
  const open = openPoints(installation);
  if (open.length > 0) console.log('\nTo do, as it was not given:\n');
  for (const line of open) console.log(`  ${line}`);
  console.log(`\n${copyList(folder)}`);
}

/** The answers of an earlier run into the same folder. */
function saved(out: string | undefined): Answers {
  const path = join(resolve(out ?? ''), SAVED);
  if (out === undefined || !existsSync(path)) return {};
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Answers;
  } catch {
    throw new CommandError(`${path} is damaged: correct or remove it`);
  }
}

function save(folder: string, answers: Answers): void {
  replaceFile(join(folder, SAVED), `${JSON.stringify(answers, undefined, 2)}\n`);
}

function readApplianceCa(path: string | undefined): string | undefined {
  if (path === undefined || path === '') return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new AnswerError(`--appliance-ca must be a readable file (${errorCode(error)})`);
  }
}
