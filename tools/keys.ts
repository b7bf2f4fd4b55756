/** `npm run keys`: makes and withdraws API keys in the file that a gateway reads (QRNG_API_KEYS_FILE). */
import { statSync } from 'node:fs';
import { commandLine, misused } from '#libs/command-line';
import { errorCode } from '#libs/files';
import { KeyFileError } from '../apps/gateway/src/clients/key-entries.js';
import { createKey, describeKeys, GRACE_HOURS, removeKey, rotateKey, setDisabled } from './keys/commands.js';
import { editKeyFile, EditError, INSTALLED_KEY_FILE } from './keys/edit-key-file.js';
import { takenByGateway } from './keys/taken.js';
import type { Taken } from './keys/taken.js';

const USAGE = `Usage: npm run keys -- COMMAND [--file FILE]

  create NAME [--scopes random,status,metrics] [--bytes-per-day N] [--requests-per-minute N]
              [--not-before DATE] [--expires DATE]     prints the new key, once
  rotate NAME [--grace-hours N]                        prints a new key for the same name, once; the old
                                                       one is NAME.old, and expires after N hours (${GRACE_HOURS})
  list                                                 names, scopes, limits and dates
  disable NAME, enable NAME                            a disabled key is refused and keeps its entry
  revoke NAME                                          removes the entry

DATE is 2027-01-31 (00:00 UTC) or 2027-01-31T12:00:00Z. Without --file it is the file that QRNG_API_KEYS_FILE names, or else
${INSTALLED_KEY_FILE}, where that is there.
After a change the gateway that runs on this machine is asked whether it uses it: --state DIR is its QRNG_STATE_DIR; without it
that variable, or /var/lib/qrng-gateway. Where the client needs a key under a name of its own, and you say when the old one ends, use
npm run rotate -- api-key.

  --json      one JSON value on stdout: the entries (list), or the name, the file, a new key, and what the gateway said
  --help, --version

Exit code 0: done. 1: it could not be done, and the file is as it was; or the gateway refuses the file. 64: called wrongly.`;

const text = { type: 'string' } as const;
const { values, positionals } = commandLine(USAGE, {
  allowPositionals: true,
  options: {
    ...{ file: text, state: text, scopes: text, 'bytes-per-day': text, 'requests-per-minute': text },
    ...{ 'not-before': text, expires: text, 'grace-hours': text },
    json: { type: 'boolean', default: false },
  },
});
/** The options of each command, --file aside. */
const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  create: ['scopes', 'bytes-per-day', 'requests-per-minute', 'not-before', 'expires'],
  rotate: ['grace-hours'],
};
const EVERYWHERE = ['file', 'state', 'json', 'help', 'version'];
const [command, name = ''] = positionals;
const file = values.file ?? process.env['QRNG_API_KEYS_FILE'] ?? installedKeyFile();
if (command === undefined) misused('Name the command.', USAGE);
if (file === undefined) misused('Name the file: --file FILE, or QRNG_API_KEYS_FILE.', USAGE);
const foreign = Object.keys(values).find(
  (option) => !EVERYWHERE.includes(option) && !(OPTIONS[command] ?? []).includes(option),
);
if (foreign !== undefined) misused(`${command} has no --${foreign}.`, USAGE);
if (command !== 'list' && name === '') misused(`${command} needs the NAME of a key.`, USAGE);

const began = Date.now();
try {
  if (command === 'list') list(file);
  else await change(command, file);
} catch (error) {
  if (!(error instanceof KeyFileError) && !(error instanceof EditError)) throw error;
  console.error(`${file}: ${error.message}`);
  process.exit(1);
}

/** Also one that this user may not look at, so that the error says that. */
function installedKeyFile(): string | undefined {
  try {
    return statSync(INSTALLED_KEY_FILE, { throwIfNoEntry: false }) && INSTALLED_KEY_FILE;
  } catch {
    return INSTALLED_KEY_FILE;
  }
}

function list(file: string): void {
  console.log(values.json ? JSON.stringify(editKeyFile(file)) : describeKeys(editKeyFile(file)));
}

async function change(command: string, file: string): Promise<void> {
  const { text, ...done } = perform(command, file);
  console.error(text);
  if (done.key !== undefined) {
    console.error('This is the new key; it is shown this once:');
    if (!values.json) console.log(done.key);
  }
  const gateway = await confirmed();
  if (gateway !== undefined) console.error(gateway.text);
  if (gateway?.refused === true) process.exitCode = 1;
  if (values.json) console.log(JSON.stringify({ name, file, ...done, gateway }));
}

/** What the gateway says of the change; nothing where none has run with this state directory. */
function confirmed(): Promise<Taken | undefined> {
  const directory = values.state ?? process.env['QRNG_STATE_DIR'] ?? '/var/lib/qrng-gateway';
  return takenByGateway(directory, began).catch((error: unknown) => ({
    refused: false,
    text: `${directory} cannot be read (${errorCode(error)}): nothing says whether the gateway uses the change.`,
  }));
}

/** What was done, in words; a new key where there is one, and until when the old one is accepted. */
interface Done {
  readonly text: string;
  readonly key?: string;
  readonly oldExpires?: string;
}

function perform(command: string, file: string): Done {
  switch (command) {
    case 'create': {
      const { key, entry } = createKey(name, values);
      editKeyFile(file, (entries) => [...entries, entry]);
      return { text: `Added ${name} to ${file}.`, key };
    }
    case 'rotate':
      return rotate(file);
    case 'disable':
    case 'enable':
      editKeyFile(file, (entries) => setDisabled(entries, name, command === 'disable'));
      return { text: `${command === 'disable' ? 'Disabled' : 'Enabled'} ${name} in ${file}.` };
    case 'revoke':
      editKeyFile(file, (entries) => removeKey(entries, name));
      return { text: `Removed ${name} from ${file}.` };
    default:
      return misused(`There is no command ${command}.`, USAGE);
  }
}

function rotate(file: string): Done {
  const hours = values['grace-hours'] === undefined ? GRACE_HOURS : Number(values['grace-hours']);
  if (!(hours >= 0 && hours <= 87_600)) misused('--grace-hours must be a number from 0 to 87600.', USAGE);
  let made = { key: '', expires: '' };
  editKeyFile(file, (entries) => {
    const rotated = rotateKey(entries, name, { hours, now: Date.now() });
    made = rotated;
    return rotated.entries;
  });
  const { key, expires } = made;
  const text = `Rotated ${name} in ${file}; the old key is accepted until ${expires}.`;
  return { text, key, oldExpires: expires };
}
