/** Hands a request to the gateway that runs on a state directory, and waits for its answer: see operator-requests.ts. */
import { chownSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const ANSWER_WITHIN_MS = 10_000;

/**
 * The answer's lines; undefined when none came.
 *
 * @throws the file system's error, such as EEXIST while another request waits.
 */
export async function requestOf(
  directory: string,
  name: string,
  lines: readonly string[],
): Promise<string[] | undefined> {
  const [request, answer] = [join(directory, `${name}.request`), join(directory, `${name}.answer`)];
  rmSync(answer, { force: true });
  writeFileSync(request, lines.map((line) => `${line}\n`).join(''), { mode: 0o600, flag: 'wx' });
  giveToOwner(directory, request);
  for (const until = performance.now() + ANSWER_WITHIN_MS; !existsSync(answer);) {
    if (performance.now() > until) {
      rmSync(request, { force: true });
      return undefined;
    }
    await sleep(50);
  }
  const text = readFileSync(answer, 'utf8');
  rmSync(answer);
  return text.split('\n').filter((line) => line !== '');
}

/** Gives what root made to the owner of the directory: the service could not read a file of root. */
export function giveToOwner(directory: string, ...files: readonly string[]): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(directory);
  for (const file of files) if (existsSync(file)) chownSync(file, uid, gid);
}
