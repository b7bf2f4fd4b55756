/** The Debian package: the release in /opt/qrng-dd, the units, and the command qrng-dd. Nothing is started by it. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const POSTINST = `#!/bin/sh
set -e
for app in gateway collector; do
  id "qrng-$app" >/dev/null 2>&1 || useradd --system --no-create-home --shell /usr/sbin/nologin "qrng-$app"
done
if [ -d /run/systemd/system ]; then systemctl daemon-reload; fi
`;

/** A package that is removed takes the files of running services away; one that is replaced leaves them to the operator's restart. */
const PRERM = `#!/bin/sh
set -e
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
  systemctl --quiet disable --now qrng-gateway qrng-collector
fi
`;

/**
 * Builds FOLDER/qrng-dd_VERSION_ARCH.deb of the release in `tree`; returns its name.
 *
 * @param architecture as Debian calls it.
 */
export function buildDeb(tree: string, folder: string, version: string, architecture: string): string {
  const root = join(folder, '.deb');
  mkdirSync(join(root, 'DEBIAN'), { recursive: true });
  mkdirSync(join(root, 'opt'));
  cpSync(tree, join(root, 'opt/qrng-dd'), { recursive: true, verbatimSymlinks: true });
  const units = join(root, 'usr/lib/systemd/system');
  mkdirSync(units, { recursive: true });
  for (const app of ['gateway', 'collector']) {
    cpSync(join(tree, `deploy/systemd/qrng-${app}.service`), join(units, `qrng-${app}.service`));
  }
  mkdirSync(join(root, 'usr/bin'), { recursive: true });
  symlinkSync('/opt/qrng-dd/bin/qrng-dd', join(root, 'usr/bin/qrng-dd'));
  mkdirSync(join(root, 'usr/share/doc/qrng-dd'), { recursive: true });
  cpSync(join(tree, 'LICENSE'), join(root, 'usr/share/doc/qrng-dd/copyright'));
  writeFileSync(join(root, 'DEBIAN/postinst'), POSTINST, { mode: 0o755 });
  writeFileSync(join(root, 'DEBIAN/prerm'), PRERM, { mode: 0o755 });
  writeFileSync(join(root, 'DEBIAN/control'), control(version, architecture));
  const name = `qrng-dd_${version}_${architecture}.deb`;
  execFileSync('dpkg-deb', ['--root-owner-group', '-Zgzip', '-z4', '--build', root, join(folder, name)], { stdio: 'pipe' });
  return name;
}

function control(version: string, architecture: string): string {
  return `Package: qrng-dd
Version: ${version}
Architecture: ${architecture}
Maintainer: QRNG-DD maintainers <root@localhost>
Depends: libc6 (>= 2.28), libstdc++6, nftables, passwd
Recommends: chrony
Section: net
Priority: optional
Description: quantum randomness out of a protected network, one way
 Collector, gateway and the operator's tools, with the Node that they run on.
`;
}
