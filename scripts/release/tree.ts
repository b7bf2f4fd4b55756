/** The files of a release: compiled code, production packages, what operators read and edit. No sources, headers or tests. */
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';

/** What of the repository goes into the package. */
const OWN = [
  ...['bin', 'config', 'deploy', 'docs', 'dist/apps', 'dist/libs', 'dist/tools'],
  ...['bin', 'dist', 'package.json', 'LICENSE', 'README.md'].map((name) => `clients/qrng/${name}`),
  ...['LICENSE', 'README.md', 'SECURITY.md', 'CHANGELOG.md'],
];

/** Declarations, source maps, sources, and Node's headers; nothing that runs reads them. Licences stay. */
const LEFT_OUT = /\.(d\.[cm]?ts|ts|cts|mts|map|tsbuildinfo)$|\.spec\.\w+$|^\.(github|vscode|eslintrc.*|prettierrc.*)$/;
const LEFT_OUT_FOLDERS = ['include', 'test', 'tests', '__tests__', 'spec', 'specs', 'share'];

/** Needed to build, and only named by packages as a peer. */
const NOT_AT_RUN_TIME = ['typescript'];

/**
 * Copies the release into `target`. Nothing is fetched: the packages are those of node_modules.
 *
 * @param root of the repository, built.
 */
export function copyRelease(root: string, target: string): void {
  for (const name of OWN) copy(join(root, name), join(target, name), false);
  for (const path of productionPackages(root)) copy(path, join(target, relative(root, path)), true);
  writePackageJson(root, target);
  linkNode(target);
}

/** The folders of all packages that a production install has, without the workspaces of this repository. */
function productionPackages(root: string): string[] {
  const listed = execFileSync('npm', ['ls', '--omit=dev', '--all', '--parseable'], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return listed
    .split('\n')
    .filter((path) => path.startsWith(join(root, 'node_modules/')))
    .filter((path) => !NOT_AT_RUN_TIME.includes(basename(path)) && !path.includes('/@qrng-dd/'));
}

/** @param isPackage whether it is one of node_modules: those inside it are listed on their own. */
function copy(from: string, to: string, isPackage: boolean): void {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to, {
    recursive: true,
    dereference: true,
    filter: (path) => {
      const name = basename(path);
      if (path === from) return true;
      if (isPackage && (name === 'node_modules' || isHeaders(from, path, name))) return false;
      return !LEFT_OUT.test(name);
    },
  });
}

/** A folder of headers or tests at the top of a package; deeper ones may be code that happens to have the name. */
function isHeaders(from: string, path: string, name: string): boolean {
  return dirname(path) === from && LEFT_OUT_FOLDERS.includes(name);
}

/** What the code reads of it: the version, the kind of modules and where `#libs/...` lies. */
function writePackageJson(root: string, target: string): void {
  const whole = JSON.parse(
    execFileSync('npm', ['pkg', 'get'], { cwd: root, encoding: 'utf8' }),
  ) as Record<string, unknown>;
  const { name, version, description, license, type, imports } = whole;
  const text = JSON.stringify({ name, version, description, license, private: true, type, imports }, undefined, 2);
  writeFileSync(join(target, 'package.json'), `${text}\n`);
}

/** `node_modules/.bin/node`, which the units and bin/qrng-dd start. */
function linkNode(target: string): void {
  const modules = join(target, 'node_modules');
  const [node] = readdirSync(modules).filter((name) => name.startsWith('node-linux-'));
  if (node === undefined) throw new Error('node_modules has no node-linux-*: run npm ci');
  mkdirSync(join(modules, '.bin'));
  symlinkSync(`../${node}/bin/node`, join(modules, '.bin/node'));
  chmodSync(join(modules, node, 'bin/node'), 0o755);
}
