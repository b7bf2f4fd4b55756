/** Where a spool keeps what is no packet, for somebody to look at; and what bounds directories: the oldest goes first. */
import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

const REFUSED = { files: 1000, bytes: 64 * 1024 * 1024 } as const;

export function moveToRefused(directory: string, name: string): void {
  const refused = join(directory, 'refused');
  mkdirSync(refused, { recursive: true, mode: 0o750 });
  const target = join(refused, name);
  rmSync(target, { recursive: true, force: true }); // a directory of that name would fail every look at the spool
  renameSync(join(directory, name), target);
  deleteOldest(refused, REFUSED);
}

/** Deletes the oldest of the files that `isMeant` chooses until the others are within `most`; how many that were. */
export function deleteOldest(
  directory: string,
  most: { readonly files: number; readonly bytes: number },
  isMeant: (name: string) => boolean = () => true,
): number {
  const files = readdirSync(directory)
    .filter(isMeant)
    .map((name) => ({ name, ...sizeAndTime(join(directory, name)) }))
    .sort((a, b) => b.at - a.at);
  let bytes = 0;
  const beyond = files.filter(({ size }, index) => {
    bytes += size;
    return index >= most.files || bytes > most.bytes;
  });
  for (const { name } of beyond) rmSync(join(directory, name), { recursive: true, force: true });
  return beyond.length;
}

function sizeAndTime(path: string): { size: number; at: number } {
  const stats = statSync(path, { throwIfNoEntry: false });
  return { size: stats?.size ?? 0, at: stats?.ctimeMs ?? 0 };
}
