/** Where a spool keeps what is no packet, for somebody to look at; and what bounds directories: the oldest goes first. */
import { lstat, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

const REFUSED = { files: 1000, bytes: 64 * 1024 * 1024 } as const;

export async function moveToRefused(directory: string, name: string): Promise<void> {
  const refused = join(directory, 'refused');
  await mkdir(refused, { recursive: true, mode: 0o750 });
  const target = join(refused, name);
  await rm(target, { recursive: true, force: true }); // a directory of that name would fail every look at the spool
  await rename(join(directory, name), target);
}

/** Deletes what is too much in `refused/` of `directory`. */
export async function boundRefused(directory: string): Promise<void> {
  await deleteOldest(join(directory, 'refused'), REFUSED);
}

/**
 * Deletes the oldest of the files that `isMeant` chooses until the others are within `most`, and what is larger than that by itself.
 * Where one cannot be deleted the others still are.
 *
 * @param onDeleted called for each that was deleted.
 * @throws the first error of the file system, once all was tried.
 */
export async function deleteOldest(
  directory: string,
  most: { readonly files: number; readonly bytes: number },
  isMeant: (name: string) => boolean = () => true,
  onDeleted: () => void = () => undefined,
): Promise<void> {
  const files: { name: string; size: number; at: number }[] = [];
  for (const name of (await readdir(directory)).filter(isMeant)) {
    files.push({ name, ...(await sizeAndTime(join(directory, name))) });
  }
  files.sort((a, b) => b.at - a.at);
  let [count, bytes] = [0, 0];
  const beyond = files.filter(({ size }) => {
    if (size > most.bytes) return true; // the others may stay
    count += 1;
    bytes += size;
    return count > most.files || bytes > most.bytes;
  });
  const errors: unknown[] = [];
  for (const { name } of beyond) {
    try {
      await rm(join(directory, name), { recursive: true, force: true });
      onDeleted();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}

/** Of a directory the sizes of all that is in it; it counts as too large where nobody can look. */
async function sizeAndTime(path: string): Promise<{ size: number; at: number }> {
  const stats = await lstat(path).catch(() => undefined);
  if (stats === undefined) return { size: 0, at: 0 };
  let { size } = stats;
  if (stats.isDirectory()) {
    const names = await readdir(path, { recursive: true }).catch(() => undefined);
    if (names === undefined) size = Infinity;
    for (const name of names ?? []) {
      size += (await lstat(join(path, name)).catch(() => undefined))?.size ?? 0;
    }
  }
  return { size, at: stats.ctimeMs };
}
