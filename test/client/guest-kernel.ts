/** A Linux kernel for guests: Debian's package for clouds, unpacked and not installed, so that no boot loader hears of it. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync } from 'node:fs';
import { join, resolve } from 'node:path';

const CACHE = resolve('node_modules/.cache');
const PACKAGE = 'linux-image-cloud-amd64';

export interface GuestKernel {
  readonly image: string;
  /** The folder with its modules, such as `drivers/virtio/virtio.ko`. */
  readonly modules: string;
}

/** The kernel, downloaded once; undefined where apt-get cannot get it. */
export function guestKernel(): GuestKernel | undefined {
  const folder = join(CACHE, 'guest-kernel');
  try {
    if (!existsSync(folder)) unpack(folder);
  } catch {
    return undefined; // no apt-get, no network, or no such package: the suite names what it lacks
  }
  const [release = ''] = readdirSync(join(folder, 'lib/modules'));
  return {
    image: join(folder, 'boot', `vmlinuz-${release}`),
    modules: join(folder, 'lib/modules', release, 'kernel'),
  };
}

function unpack(folder: string): void {
  mkdirSync(CACHE, { recursive: true });
  const draft = mkdtempSync(join(CACHE, 'guest-kernel-'));
  const run = (command: string, ...args: string[]): string =>
    execFileSync(command, args, { cwd: draft, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  // The package depends on the one that has the kernel.
  const name = /Depends: (linux-image-\S+)/.exec(run('apt-cache', 'depends', PACKAGE))?.[1] ?? PACKAGE;
  run('apt-get', 'download', '-q', name);
  const [file = ''] = readdirSync(draft).filter((one) => one.endsWith('.deb'));
  run('dpkg-deb', '-x', file, '.');
  renameSync(draft, folder);
}
