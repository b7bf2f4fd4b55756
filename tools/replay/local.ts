/** The replay state of a single gateway: `replay-state` in its state directory, whether it runs or not. */
import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';
import { CommandError } from '#libs/command-line';
import { DirectoryLock, DirectoryLockError, errorCode, readFault } from '#libs/files';
import { forgottenText, unknownText } from '../../apps/gateway/src/pool/replay/forget-texts.js';
import type { FreshnessWindow } from '../../apps/gateway/src/pool/replay/freshness.js';
import { decodeReplay, isOriginal, ReplayFile } from '../../apps/gateway/src/pool/replay/replay-file.js';
import type { ReplayContent } from '../../apps/gateway/src/pool/replay/replay-file.js';
import { ReplayState } from '../../apps/gateway/src/pool/replay/replay-state.js';
import { giveToOwner, requestOf } from '../requests/state-request.js';
import { reportOf } from './describe.js';
import type { ReplayReport } from './describe.js';

const SILENT = 'the gateway did not answer within 10 s; this is what it wrote last';

function noteOf(running: boolean, clean: boolean, bound: string): string {
  if (running) {
    return `a gateway runs on it; what it takes is stamped before ${bound}, or waits until the disk knows more`;
  }
  if (clean) return 'no gateway runs on it; the last one ended by itself';
  return `no gateway runs on it, and the last one did not end by itself: the next start refuses what was exposed before ${bound}`;
}

export async function showLocal(
  directory: string,
  window: FreshnessWindow,
  now: number,
): Promise<ReplayReport> {
  const running = isRunning(directory);
  const answer = running ? await requestOf(directory, 'positions', []) : [];
  const content = await read(directory);
  const bound = new Date(content.bound).toISOString();
  const notes = [noteOf(running, content.clean, bound), ...(answer === undefined ? [SILENT] : [])];
  return reportOf(content, window, now, notes);
}

/** @returns what became of each collector, in words. */
export async function forgetLocal(
  directory: string,
  collectors: readonly string[],
  window: FreshnessWindow,
  now: number,
): Promise<readonly string[]> {
  const lock = lockOf(directory);
  if (lock === undefined) {
    const answer = await requestOf(directory, 'forget', collectors);
    if (answer === undefined) {
      throw new CommandError('The gateway did not take the request within 10 s; see its log.');
    }
    return answer;
  }
  try {
    return await forgetAtRest(directory, collectors, window, now);
  } finally {
    lock.close();
    giveToOwner(directory, join(directory, 'replay-state'), join(directory, 'state.lock'));
  }
}

async function forgetAtRest(
  directory: string,
  collectors: readonly string[],
  window: FreshnessWindow,
  now: number,
): Promise<string[]> {
  const content = await read(directory);
  if (!content.clean) {
    return ['The last gateway did not end by itself: the next start forgets all positions by itself.'];
  }
  const state = new ReplayState(content.floor, window, content.positions);
  const answers = collectors.map((collector) => {
    const floor = state.forget(collector, now);
    return floor === undefined ? unknownText(collector) : forgottenText(collector, floor, now);
  });
  await new ReplayFile(join(directory, 'replay-state')).write({ ...content, positions: state.positions() });
  return answers;
}

async function read(directory: string): Promise<ReplayContent> {
  const read = await new ReplayFile(join(directory, 'replay-state')).read();
  if (read === undefined) {
    throw withoutState(directory);
  }
  const content = decodeReplay(read.bytes);
  // A copy has no positions that bind, as after a crash.
  if (content !== undefined) return { ...content, clean: content.clean && isOriginal(content, read.file) };
  throw new CommandError(
    `${directory}/replay-state is damaged, or of version 1.0: the gateway says which at its start.`,
  );
}

function withoutState(directory: string): CommandError {
  try {
    accessSync(directory, constants.X_OK);
  } catch (error) {
    if (errorCode(error) === 'EACCES') {
      return new CommandError(`${directory} cannot be read (${readFault(error)})`);
    }
  }
  return new CommandError(`${directory} has no replay-state. Is it QRNG_STATE_DIR of a gateway?`);
}

function isRunning(directory: string): boolean {
  const lock = lockOf(directory);
  lock?.close();
  giveToOwner(directory, join(directory, 'state.lock'));
  return lock === undefined;
}

/** The lock of the directory; undefined while a gateway has it. */
function lockOf(directory: string): DirectoryLock | undefined {
  if (!existsSync(join(directory, 'replay-state'))) throw withoutState(directory); // the lock would make the directory
  try {
    return new DirectoryLock(directory, 'state.lock');
  } catch (error) {
    if (error instanceof DirectoryLockError && error.busy) return undefined;
    throw error;
  }
}
