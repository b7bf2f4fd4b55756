/** Notices that keys or certificates on disk were replaced, so that they can be read again without a restart. */
import { statSync } from 'node:fs';
import { errorCode } from './error-code.js';

/**
 * Calls `changed` when any of the files was written, replaced or removed, and then kept still for one look: a pair of files
 * that is being replaced is not read halfway.
 *
 * It looks at intervals instead of asking the kernel: Kubernetes replaces secrets by moving a symbolic link of a folder
 * above, which a watch on the file does not see.
 *
 * @param intervalMs time between two looks.
 * @returns a function that ends the watching. The watching alone keeps no process alive.
 */
export function watchFiles(paths: readonly string[], changed: () => void, intervalMs = 2000): () => void {
  let known = signatures(paths);
  let latest = known;
  const timer = setInterval(() => {
    const now = signatures(paths);
    const still = now === latest;
    latest = now;
    if (!still || now === known) return;
    known = now;
    changed();
  }, intervalMs);
  timer.unref();
  return () => clearInterval(timer);
}

function signatures(paths: readonly string[]): string {
  return paths.map(signature).join('\n');
}

/** What distinguishes one state of a file from another; also that it is absent, or cannot be looked at: who reads it then says so. */
function signature(path: string): string {
  try {
    const file = statSync(path, { bigint: true });
    return `${file.dev} ${file.ino} ${file.size} ${file.mtimeNs} ${file.ctimeNs}`;
  } catch (error) {
    return errorCode(error);
  }
}
