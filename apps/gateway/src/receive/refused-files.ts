/** Where a spool keeps what is no packet, for somebody to look at: bounded, the oldest goes first. */
import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

const MOST_FILES = 1000;
const MOST_BYTES = 64 * 1024 * 1024;

/** Moves a file of `directory` to `refused/` in it. */
export function moveToRefused(directory: string, name: string): void {
  const refused = join(directory, 'refused');
  mkdirSync(refused, { recursive: true, mode: 0o750 });
  renameSync(join(directory, name), join(refused, name));
  bound(refused);
}

function bound(refused: string): void {
  const files = readdirSync(refused)
    .map((name) => ({ name, ...sizeAndTime(join(refused, name)) }))
    .sort((a, b) => b.at - a.at);
  let bytes = 0;
  for (const [index, { name, size }] of files.entries()) {
    bytes += size;
    if (index >= MOST_FILES || bytes > MOST_BYTES) {
      rmSync(join(refused, name), { recursive: true, force: true });
    }
  }
}

function sizeAndTime(path: string): { size: number; at: number } {
  const stats = statSync(path, { throwIfNoEntry: false });
  return { size: stats?.size ?? 0, at: stats?.ctimeMs ?? 0 };
}
