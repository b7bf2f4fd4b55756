/** Where each file of a machine's folder belongs, and what happens to one that is there already. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { App } from '../doctor/app.js';

export interface Place {
  /** In the folder that setup made. */
  readonly source: string;
  /** On the machine, absolute. */
  readonly target: string;
  readonly mode: number;
  readonly owner: string;
  /** Where it is another one than the owner's. */
  readonly group?: string;
  /**
   * `keep`: what is there stays, as the operator may have edited it. `replace`: a key or certificate, which rotations
   * change. `back-up`: as `keep` when it is one of ours, else put aside and replaced.
   */
  readonly existing: 'keep' | 'replace' | 'back-up';
}

const SECRET = 0o600;
/** The service reads its settings again on SIGHUP, and cannot change them. */
const SETTINGS = 0o640;
const OPEN = 0o644;

/** The place of every file in `folder`, private keys before their certificates. */
export function places(app: App, folder: string): Place[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => placeOf(app, folder, name))
    .sort((a, b) => Number(b.target.endsWith('.key')) - Number(a.target.endsWith('.key')));
}

function placeOf(app: App, folder: string, name: string): Place {
  const source = join(folder, name);
  switch (name) {
    case `${app}.env`:
      return {
        ...{ source, target: `/etc/qrng-dd/${name}`, existing: 'keep' },
        ...{ mode: SETTINGS, owner: 'root', group: `qrng-${app}` },
      };
    case `${app}.nft`:
      return { source, target: '/etc/nftables.conf', mode: OPEN, owner: 'root', existing: 'back-up' };
    case 'port.conf':
      return { source, target: dropIn(app, name), mode: OPEN, owner: 'root', existing: 'replace' };
    default:
      return {
        source,
        target: `/etc/qrng-dd/${app}/${name}`,
        mode: SECRET,
        owner: `qrng-${app}`,
        existing: name === 'api-keys.json' ? 'keep' : 'replace',
      };
  }
}

function dropIn(app: App, name: string): string {
  return `/etc/systemd/system/qrng-${app}.service.d/${name}`;
}
