/**
 * Has Node confine this process: no child processes, no addons, no inspector, threads for devices alone, and of all files those of the
 * program and those that the settings name (Node's permission model, https://nodejs.org/api/permissions.html). Its flags depend on the
 * settings, so the program starts again with them in the same process (execve).
 *
 *   environment -> state directory locked, as standard input -> execve -> the same program, confined
 */
import inspector from 'node:inspector';
import { findPackageJSON } from 'node:module';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DirectoryLockError, lockAsStandardInput } from '#libs/files';
import { EXIT_BREACHED } from './exit-breached.js';

/** Flags that give permissions, or name a file that does; Node takes underscores for hyphens. */
const GRANTS = /^--(allow|experimental[-_](default[-_])?config[-_]file)/;

type Environment = Readonly<Record<string, string | undefined>>;

/** Begins `program` again, confined; ends the process where another one has its state directory. Never returns. */
export async function confine(program: string): Promise<never> {
  if (inspector.url() !== undefined) {
    process.stderr.write(
      "Node's inspector listens, and the collector must not: start it without --inspect\n",
    );
    process.exit(EXIT_BREACHED);
  }
  await lock(process.env['QRNG_STATE_DIR']);
  if (process.execve === undefined) throw new Error('this Node cannot begin a program again');
  const flags = [...process.execArgv, ...permissionFlags(process.env)];
  const command = [process.execPath, ...flags, program, ...process.argv.slice(2)];
  // With it Node would take more permissions from the environment, and modules that come before the program.
  const env = Object.entries(process.env).filter(([name]) => name !== 'NODE_OPTIONS');
  return process.execve(process.execPath, command, Object.fromEntries(env));
}

/** Ends the process where Node confines it, but not as `confine` does: whoever started it has given it permissions. */
export function endIfWide(): void {
  const own = new Set(permissionFlags(process.env));
  const given = process.execArgv.filter((flag) => GRANTS.test(flag) && !own.has(flag));
  if (process.env['NODE_OPTIONS'] !== undefined) given.push('NODE_OPTIONS'); // `confine` takes it away
  if (given.length === 0) return;
  process.stderr.write(
    `Node's permissions are wider than a collector may have (${given.join(', ')}): start it without --permission and --allow-...\n`,
  );
  process.exit(EXIT_BREACHED);
}

async function lock(folder = ''): Promise<void> {
  if (folder === '') return; // the confined process says what is wrong with the settings
  try {
    lockAsStandardInput(folder);
  } catch (error) {
    if (!(error instanceof DirectoryLockError)) throw error;
    if (!error.busy) return;
    const { exitConfig, lockProblem } = await import('#libs/settings');
    exitConfig(lockProblem('QRNG_STATE_DIR', error), []);
  }
}

/** Node's flags for a collector with this environment. Whether its values are valid is found out later. */
export function permissionFlags(env: Environment): string[] {
  const files = Object.entries(env).flatMap(([name, value]) =>
    /^QRNG_\w+_(FILE|PATH)$/.test(name) && value !== undefined && value !== '' ? [value] : [],
  );
  const devices = (env['QRNG_APPLIANCE_URLS'] ?? '').split(',').flatMap((url) => pathOf(url.trim(), 'file:'));
  const state = env['QRNG_STATE_DIR'] ?? '';
  const written = [...(state === '' ? [] : [state]), ...pathOf(env['QRNG_PUSH_URL'] ?? '', 'spool:')];
  // By /proc/self it looks at itself.
  const read = [programFolder(), '/proc/self', ...files, ...devices, ...written];
  return [
    '--permission',
    ...(devices.length > 0 ? ['--allow-worker', '--disable-warning=SecurityWarning'] : []),
    ...[...new Set(read)].map((path) => `--allow-fs-read=${resolve(path)}`),
    ...written.map((path) => `--allow-fs-write=${resolve(path)}`),
  ];
}

/** Where the program and its packages are. */
function programFolder(): string {
  return dirname(findPackageJSON(import.meta.url) ?? import.meta.filename);
}

function pathOf(text: string, protocol: 'file:' | 'spool:'): string[] {
  const url = URL.parse(text);
  if (url?.protocol !== protocol) return [];
  try {
    const path = protocol === 'file:' ? fileURLToPath(url) : decodeURIComponent(url.pathname);
    return path.includes('\0') ? [] : [path];
  } catch {
    return []; // the settings say what is wrong with it
  }
}
