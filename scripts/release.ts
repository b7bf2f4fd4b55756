/**
 * `npm run release`: makes what operators install, from a built clone and without a network: a tarball, a Debian package, a list
 * of all parts (CycloneDX) and checksums, for this machine's architecture.
 */
import { execFileSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { commandLine } from '#libs/command-line';
import { VERSION } from '#libs/version';
import { buildDeb } from './release/deb.js';
import { copyRelease } from './release/tree.js';

const USAGE = `Usage: npm run release [-- --out FOLDER]

Makes the tarball, the Debian package (where dpkg-deb is), the CycloneDX list of all parts and SHA256SUMS.

  --out FOLDER   release by default; what is in it is replaced
  --help, --version`;

const { values } = commandLine(USAGE, { options: { out: { type: 'string', default: 'release' } } });
const root = resolve('.');
const out = resolve(values.out);
const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';
const name = `qrng-dd-${VERSION}-linux-${process.arch}`;

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const staging = join(out, '.tree');
copyRelease(root, join(staging, 'qrng-dd'));
const made = [tarball(), ...deb(), partsList()];
rmSync(staging, { recursive: true });
rmSync(join(out, '.deb'), { recursive: true, force: true });
const sums = made.map((file) => `${hash('sha256', readFileSync(join(out, file)))}  ${file}\n`);
writeFileSync(join(out, 'SHA256SUMS'), sums.join(''));
console.log([...made, 'SHA256SUMS'].map((file) => join(out, file)).join('\n'));

function tarball(): string {
  const file = `${name}.tar.gz`;
  const same = ['--sort=name', `--mtime=@${epoch()}`, '--owner=0', '--group=0', '--numeric-owner'];
  const packed = ['-C', staging, '--mode=u+rwX,go=rX', ...same, '-cf', '-', 'qrng-dd'];
  const tar = execFileSync('tar', packed, { maxBuffer: 2 ** 30 });
  writeFileSync(join(out, file), execFileSync('gzip', ['-4n'], { input: tar, maxBuffer: 2 ** 30 }));
  return file;
}

function deb(): string[] {
  if (!existsSync('/usr/bin/dpkg-deb')) {
    console.error('No Debian package: this machine has no dpkg-deb.');
    return [];
  }
  process.env['SOURCE_DATE_EPOCH'] = epoch();
  return [buildDeb(join(staging, 'qrng-dd'), out, VERSION, architecture)];
}

function partsList(): string {
  const file = `${name}.cdx.json`;
  const args = ['sbom', '--omit=dev', '--sbom-format=cyclonedx'];
  writeFileSync(join(out, file), execFileSync('npm', args, { cwd: root, maxBuffer: 2 ** 28 }));
  return file;
}

/** The time that the files have: that of the last commit, or SOURCE_DATE_EPOCH, so that two builds give the same tarball. */
function epoch(): string {
  const given = process.env['SOURCE_DATE_EPOCH'];
  if (given !== undefined) return given;
  return execFileSync('git', ['log', '-1', '--format=%ct'], { cwd: root, encoding: 'utf8' }).trim();
}
