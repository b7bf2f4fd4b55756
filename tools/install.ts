/**
 * `qrng-dd install FOLDER`: puts what `npm run setup` made for this machine into its place, with owners and modes. After a
 * rotation it is run again with the changed folder: keys and certificates are replaced in one step each, and the service
 * reads them again.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CommandError, commandLine, misused, runCommand } from '#libs/command-line';
import { makeDirectory, readFault } from '#libs/files';
import type { App } from './doctor/app.js';
import { places } from './install/places.js';
import type { Place } from './install/places.js';
import { put } from './install/put.js';
import type { Ids } from './install/put.js';
import { isActive, reloadService, run } from './install/service.js';

const USAGE = `Usage: qrng-dd install FOLDER [--dry-run]

Puts the gateway's or the collector's folder, as npm run setup made it, into its place on this machine, as root:

  APP.env    /etc/qrng-dd/APP.env, unless there is one; the service's group may read it
  APP.nft    /etc/nftables.conf; one that is not of this project is kept as nftables.conf.before-qrng-dd
  others     /etc/qrng-dd/APP/, replaced in one step where they differ (api-keys.json only when there is none)
  unit       /etc/systemd/system/qrng-APP.service, unless there is one

It makes the service's user, loads no rules and starts no service. A running service is asked to read its keys again.

  --dry-run  says what would be done, and does nothing
  --help, --version

Exit code 0: done. 1: something could not be done, a reload was refused, or the doctor found a fault. 64: called wrongly.`;
const PACKAGE = join(import.meta.dirname, '../..');
const UNIT_FOLDERS = ['/etc/systemd/system', '/usr/lib/systemd/system', '/lib/systemd/system'];

const off = { type: 'boolean', default: false } as const;
const { values, positionals } = commandLine(USAGE, { allowPositionals: true, options: { 'dry-run': off } });
const dryRun = values['dry-run'];
const [given] = positionals;
if (given === undefined || positionals.length > 1) misused('Name the folder.', USAGE);
const folder = resolve(given);
const app = (['gateway', 'collector'] as const).find((name) => existsSync(join(folder, `${name}.env`)));
if (app === undefined) misused(`${folder} has neither gateway.env nor collector.env in it.`, USAGE);
if (!dryRun && process.getuid?.() !== 0) misused('qrng-dd install must be run by root.', USAGE);

await runCommand(() => {
  process.exitCode = install(app);
});

function install(app: App): number {
  const user = `qrng-${app}`;
  const own = ensureUser(user);
  if (!dryRun) makeFolder(app, own);
  const ids = new Map([
    ['root', { user: 0, group: 0 }],
    ...(own === undefined ? [] : [[user, own] as const]),
  ]);
  const outcomes = [...places(app, folder), ...unit(app)].map((place) => {
    const outcome = put(place, ids, dryRun);
    console.log(`${(dryRun ? `(${outcome})` : outcome).padEnd(10)} ${place.target}`);
    return { place, outcome };
  });
  for (const { place, outcome } of outcomes) {
    if (outcome === 'kept') {
      console.log(`\n${place.target} differs from ${place.source}: see what is new with diff.`);
    }
  }
  if (dryRun) return 0;
  const changed = outcomes.some(({ outcome }) => outcome === 'made' || outcome === 'replaced');
  return changed ? takeOver(app) : 0;
}

/** Has a running service take the files over, or says what to do next; the exit code. */
function takeOver(app: App): number {
  const environmentFile = `/etc/qrng-dd/${app}.env`;
  if (existsSync('/run/systemd/system')) run('systemctl', 'daemon-reload');
  if (isActive(app)) return reloadService(app, environmentFile);
  console.log(`
Next, as root. The first command loads the rules: it ends your SSH session unless your address is in ADMINISTRATORS, and
log shipping unless LOG_SERVERS names its receiver (both in /etc/nftables.conf).

  systemctl enable nftables && systemctl reload-or-restart nftables
  ${join(PACKAGE, 'bin/qrng-dd')} doctor ${app} ${environmentFile}
  systemctl enable --now qrng-${app}`);
  return 0;
}

/** The unit of the package, unless a package of the system brought it. */
function unit(app: App): Place[] {
  const name = `qrng-${app}.service`;
  const source = join(PACKAGE, 'deploy/systemd', name);
  const present = UNIT_FOLDERS.some((place) => existsSync(join(place, name)));
  if (present || !existsSync(source)) return [];
  return [{ source, target: `/etc/systemd/system/${name}`, mode: 0o644, owner: 'root', existing: 'keep' }];
}

/** The ids of the service's user, who is made where he is missing; undefined in a dry run without him. */
function ensureUser(name: string): Ids | undefined {
  const known = idsOf(name);
  if (known !== undefined) return known;
  console.log(`${dryRun ? '(made)    ' : 'made      '} user ${name}`);
  if (dryRun) return undefined;
  const arguments_ = ['--system', '--no-create-home', '--shell', '/usr/sbin/nologin', name];
  if (run('useradd', ...arguments_) !== 0) throw new CommandError(`the user ${name} cannot be made`);
  return idsOf(name);
}

function idsOf(name: string): Ids | undefined {
  const [user, group] = ['-u', '-g'].map((option) => spawnSync('id', [option, name], { encoding: 'utf8' }));
  return user?.status === 0 ? { user: Number(user.stdout), group: Number(group?.stdout) } : undefined;
}

function makeFolder(app: App, ids: Ids | undefined): void {
  const own = `/etc/qrng-dd/${app}`;
  try {
    makeDirectory('/etc/qrng-dd', 0o755);
    makeDirectory(own, 0o700);
    chmodSync(own, 0o700);
    if (ids !== undefined) chownSync(own, ids.user, ids.group);
  } catch (error) {
    throw new CommandError(`${own} cannot be made (${readFault(error)})`);
  }
}
