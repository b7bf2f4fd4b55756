/** The first file system of a guest: a cpio archive in the format "newc" (Linux, Documentation/driver-api/early-userspace/buffer-format.rst). */

export interface InitialFile {
  readonly path: string;
  readonly data: Buffer;
}

const DIRECTORY = 0o040755;
const EXECUTABLE = 0o100755;

/** An archive with these files, all of them executable, and the folders that they are in. */
export function initramfs(files: readonly InitialFile[]): Buffer {
  const folders = new Set(files.flatMap(({ path }) => parents(path)));
  const entries = [
    ...[...folders].map((path) => entry(path, DIRECTORY, Buffer.alloc(0))),
    ...files.map(({ path, data }) => entry(path, EXECUTABLE, data)),
    entry('TRAILER!!!', 0, Buffer.alloc(0)),
  ];
  return Buffer.concat(entries);
}

function parents(path: string): string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, i) => parts.slice(0, i + 1).join('/'));
}

let inode = 0;

function entry(path: string, mode: number, data: Buffer): Buffer {
  // inode, mode, uid, gid, links, mtime, size, four device numbers, length of the name with its zero, checksum
  const fields = [++inode, mode, 0, 0, 1, 0, data.length, 0, 0, 0, 0, path.length + 1, 0];
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`;
  return Buffer.concat([padded(Buffer.from(`${header}${path}\0`)), padded(data)]);
}

/** With zeros to a multiple of four. */
function padded(data: Buffer): Buffer {
  return Buffer.concat([data, Buffer.alloc((4 - (data.length % 4)) % 4)]);
}
