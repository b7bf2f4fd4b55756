/**
 * `npm test`: every check of the project. What a suite needs beyond npm's packages is installed with apt-get where that
 * is possible; suites whose tools are missing are skipped by name, and with CI=true that is a failure.
 */
import { spawnSync } from 'node:child_process';
import type { SpawnSyncOptions } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/** The commands that suites start, and the Debian package that has each. */
const TOOLS: Readonly<Record<string, string>> = {
  'redis-server': 'redis-server',
  chromium: 'chromium',
  promtool: 'prometheus',
  amtool: 'prometheus-alertmanager',
  nft: 'nftables',
  ip: 'iproute2',
  sysctl: 'procps',
  curl: 'curl',
  python3: 'python3',
  openssl: 'openssl',
  'systemd-analyze': 'systemd',
};

interface JestResults {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly testResults: readonly { readonly name: string; readonly status: string }[];
}

const missing = obtainTools();
const failed = ['lint', 'types'].filter((script) => !npmRun(script));
const results = runJest(missing);
if (
  results === undefined ||
  results.numFailedTests > 0 ||
  results.testResults.some(({ status }) => status === 'failed')
) {
  failed.push('jest');
}
if (missing.length > 0) {
  console.log(`\nNot run, because this machine lacks them: the suites that need ${missing.join(', ')}`);
  if (process.env['CI'] === 'true') failed.push('missing tools');
}
if (failed.length > 0) console.log(`\nFailed: ${failed.join(', ')}`);
const { numPassedTests = 0, numFailedTests = 0, numPendingTests = 0 } = results ?? {};
console.log(`\n${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped`);
process.exit(failed.length > 0 ? 1 : 0);

/** Installs what is missing if it can, and returns the commands that are still missing. */
function obtainTools(): string[] {
  const absent = Object.keys(TOOLS).filter((command) => !isOnPath(command));
  if (absent.length === 0) return [];
  const packages = absent.flatMap((command) => TOOLS[command] ?? []);
  if (process.getuid?.() !== 0 || !isOnPath('apt-get')) return absent;
  console.log(`Installing with apt-get, for the suites that need them: ${packages.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const quiet: SpawnSyncOptions = { env, stdio: ['ignore', 'ignore', 'inherit'] };
  spawnSync('apt-get', ['update', '-q'], quiet);
  // One package that cannot be had must not keep the others out.
  for (const name of packages) {
    spawnSync('apt-get', ['install', '-qy', '--no-install-recommends', name], quiet);
  }
  return absent.filter((command) => !isOnPath(command));
}

function isOnPath(command: string): boolean {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.some((folder) => existsSync(join(folder, command)));
}

function npmRun(script: string): boolean {
  console.log(`\n== ${script}`);
  return spawnSync('npm', ['run', '--silent', script], { stdio: 'inherit' }).status === 0;
}

function runJest(missingTools: readonly string[]): JestResults | undefined {
  console.log('\n== unit and end-to-end tests');
  const folder = mkdtempSync(join(tmpdir(), 'qrng-jest-'));
  const file = join(folder, 'results.json');
  try {
    const args = [
      'run',
      '--silent',
      'jest',
      '--',
      // More than there are cores: much of what crosses apps is waiting for processes.
      `--maxWorkers=${2 * availableParallelism()}`,
      '--json',
      `--outputFile=${file}`,
      ...process.argv.slice(2),
    ];
    const env = { ...process.env, QRNG_TEST_MISSING: missingTools.join(',') };
    // Jest's own report goes to stderr; its JSON on stdout is in the file as well.
    spawnSync('npm', args, { stdio: ['ignore', 'ignore', 'inherit'], env });
    return JSON.parse(readFileSync(file, 'utf8')) as JestResults;
  } catch (error) {
    console.error('jest gave no results:', error instanceof Error ? error.message : error);
    return undefined;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
