/** Hands a request to the app that runs on a state directory, and waits for its answer: see state-requests.ts of libs/files. */
import { chownSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CommandError } from '#libs/command-line';
import { errorCode } from '#libs/files';

const ANSWER_WITHIN_MS = 10_000;

/**
 * The answer's lines; undefined when none came.
 *
 * @throws {CommandError} while another request waits; the file system's error.
 */
export async function requestOf(
  directory: string,
  name: string,
  lines: readonly string[],
): Promise<string[] | undefined> {
  const [request, answer] = [join(directory, `${name}.request`), join(directory, `${name}.answer`)];
  rmSync(answer, { force: true });
  try {
    writeFileSync(request, lines.map((line) => `${line}\n`).join(''), { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
    throw new CommandError(
      `${request} is there: another command waits for its answer, or one was cut off; then remove it`,
    );
  }
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

/** The answer's lines. @throws {CommandError} when none comes. */
export async function ask(
  app: 'gateway' | 'collector',
  directory: string,
  name: string,
  lines: readonly string[],
): Promise<string[]> {
  const answer = await requestOf(directory, name, lines).catch((error: unknown) => {
    if (error instanceof CommandError) throw error;
    throw new CommandError(
      `${directory}: ${errorCode(error)}. Is it the ${app}'s state directory, and may you write to it?`,
    );
  });
  if (answer !== undefined) return answer;
  throw new CommandError(`The ${app} did not take the request. Does it run, with this state directory?`);
}

/** Gives what root made to the owner of the directory: the service could not read a file of root. */
export function giveToOwner(directory: string, ...files: readonly string[]): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(directory);
  for (const file of files) if (existsSync(file)) chownSync(file, uid, gid);
}
