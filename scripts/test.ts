/**
 * `npm test`: every check of the project, side by side. What a suite needs beyond npm's packages is installed with apt-get where
 * that is possible; suites whose tools are missing are skipped by name, and with CI=true that is a failure. A few suites that fail
 * while everything runs side by side are run once more, alone, and named: a fault fails again, what starved for the machine does not.
 */
import { spawn } from 'node:child_process';
import type { StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';

/** The commands that suites start, a module that one of them loads, and the Debian package that has each. */
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
  zsh: 'zsh',
  fish: 'fish',
  rngd: 'rng-tools5',
  haproxy: 'haproxy',
  nginx: 'nginx',
  'ngx_stream_module.so': 'libnginx-mod-stream',
  'qemu-system-x86_64': 'qemu-system-x86',
  busybox: 'busybox-static',
};

/** Suites that fetch libraries from registries and compile them: `NAME=yes npm test` runs them too. */
const ON_REQUEST: Readonly<Record<string, string>> = {
  QRNG_TEST_GO: 'Go reads the example and the receipts',
  QRNG_TEST_RUST: 'Rust reads the example',
  QRNG_TEST_HELM: 'helm and kustomize render the Kubernetes manifests',
  QRNG_TEST_CLIENTS: 'generated clients, and MCP clients of other hands',
};

interface JestResults {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  /** Files that could not be run, none of whose tests is counted. */
  readonly numRuntimeErrorTestSuites: number;
  readonly testResults: readonly { readonly name: string; readonly status: string }[];
}

const NO_RESULTS: JestResults = {
  numPassedTests: 0,
  numFailedTests: 0,
  numPendingTests: 0,
  numRuntimeErrorTestSuites: 1,
  testResults: [],
};

/** More failed suites than this are no accident. */
const RUN_AGAIN_AT_MOST = 3;

const checks = [check('lint'), check('types')];
const missing = await obtainTools();
// More workers than there are cores: much of what crosses apps is waiting for processes.
let jest = await runJest(missing, 2 * availableParallelism(), process.argv.slice(2));
const [lint, types] = await Promise.all(checks);
const broken = jest.results.testResults.filter(({ status }) => status === 'failed').map(({ name }) => name);
if (broken.length > 0 && broken.length <= RUN_AGAIN_AT_MOST && (await passAlone(broken))) {
  const { numFailedTests, numPassedTests } = jest.results;
  const passed = {
    numPassedTests: numPassedTests + numFailedTests,
    numFailedTests: 0,
    numRuntimeErrorTestSuites: 0,
  };
  jest = { code: 0, results: { ...jest.results, ...passed } };
  console.log(
    `\nPassed only alone: they depend on the load of the machine and need to be fixed: ${broken.join(' ')}`,
  );
}
const { numPassedTests, numFailedTests, numPendingTests, numRuntimeErrorTestSuites } = jest.results;

const failed: string[] = [];
if (!lint) failed.push('lint');
if (!types) failed.push('types');
if (jest.code !== 0) failed.push('jest');
if (missing.length > 0) {
  console.log(`\nNot run, because this machine lacks them: the suites that need ${missing.join(', ')}`);
  if (process.env['CI'] === 'true') failed.push('missing tools');
}
for (const [name, what] of Object.entries(ON_REQUEST)) {
  if (process.env[name] !== 'yes') console.log(`Not asked for (${name}=yes): ${what}`);
}
if (failed.length > 0) console.log(`\nFailed: ${failed.join(', ')}`);
const failures = numFailedTests + numRuntimeErrorTestSuites;
console.log(`\n${numPassedTests} passed, ${failures} failed, ${numPendingTests} skipped`);
process.exit(failed.length > 0 ? 1 : 0);

/** Installs what is missing if it can, and returns the commands that are still missing. */
async function obtainTools(): Promise<string[]> {
  const absent = Object.keys(TOOLS).filter((command) => !isOnPath(command));
  if (absent.length === 0) return [];
  const packages = absent.flatMap((command) => TOOLS[command] ?? []);
  if (process.getuid?.() !== 0 || !isOnPath('apt-get')) return absent;
  console.log(`Installing with apt-get, for the suites that need them: ${packages.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const aptGet = async (...args: string[]): Promise<boolean> => {
    const child = spawn('apt-get', args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
    const [code] = (await once(child, 'close')) as [number | null];
    return code === 0;
  };
  const install = (...names: string[]): Promise<boolean> =>
    aptGet('install', '-qy', '--no-install-recommends', ...names);
  await aptGet('update', '-q');
  // One package that cannot be had must not keep the others out.
  if (!(await install(...packages))) for (const name of packages) await install(name);
  return absent.filter((command) => !isOnPath(command));
}

function isOnPath(command: string): boolean {
  const folders = [
    ...(process.env['PATH'] ?? '').split(delimiter),
    '/usr/sbin',
    '/sbin',
    '/usr/lib/nginx/modules',
  ];
  return folders.some((folder) => existsSync(join(folder, command)));
}

/** Runs a script of package.json and prints what it wrote once it has ended; false when it failed. */
async function check(script: string): Promise<boolean> {
  const { output, code } = await npmRun([script], ['ignore', 'pipe', 'pipe']);
  console.log(`\n== ${script}: ${code === 0 ? 'passed' : 'failed'}\n${output}`);
  return code === 0;
}

async function npmRun(
  args: readonly string[],
  stdio: StdioOptions,
  env = process.env,
): Promise<{ output: string; code: unknown }> {
  const child = spawn('npm', ['run', '--silent', ...args], { stdio, env });
  const streams = [child.stdout, child.stderr].map((stream) => (stream === null ? '' : text(stream)));
  const [ended, ...output] = await Promise.all([once(child, 'close'), ...streams]);
  return { output: output.join(''), code: ended[0] };
}

/** Runs suites once more, one after another, with the machine to themselves. */
async function passAlone(suites: readonly string[]): Promise<boolean> {
  for (const suite of suites) {
    console.log(`\n== jest: once more, alone: ${suite}\n`);
    if ((await runJest(missing, 1, ['--runTestsByPath', suite])).code !== 0) return false;
  }
  return true;
}

async function runJest(
  missingTools: readonly string[],
  workers: number,
  what: readonly string[],
): Promise<{ results: JestResults; code: unknown }> {
  const folder = mkdtempSync(join(tmpdir(), 'qrng-jest-'));
  const file = join(folder, 'results.json');
  const args = ['jest', '--', `--maxWorkers=${workers}`, '--json', `--outputFile=${file}`, ...what];
  try {
    // Jest's own report goes to stderr; its JSON on stdout is in the file as well.
    const { code } = await npmRun(args, ['ignore', 'ignore', 'inherit'], {
      ...process.env,
      QRNG_TEST_MISSING: missingTools.join(','),
    });
    return { results: JSON.parse(readFileSync(file, 'utf8')) as JestResults, code };
  } catch (error) {
    console.error('jest gave no results:', error instanceof Error ? error.message : error);
    return { results: NO_RESULTS, code: 'no results' };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
