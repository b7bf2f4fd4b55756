/**
 * The number of this run: Unix ms at its start, but above that of every earlier run, also when the clock went back a little.
 * (boot, sequence) is what the gateway's replay protection compares. A gateway takes no boot that lies further in the
 * future than clocks may differ, so an earlier run that did has left nothing behind that has to be passed.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode, isDiskFull, replaceFile } from '#libs/files';
import { StateError } from './state-error.js';

const FILE = 'boot';

export interface Boot {
  readonly boot: bigint;
  /** How far the clock is behind the latest run's boot, ms; 0 when it is not. */
  readonly behindMs: number;
  /** Whether that boot lay too far in the future, so that this one is lower. */
  readonly isLower: boolean;
}

/**
 * Takes the next boot number and makes it durable before anything is sealed with it.
 *
 * @param folder the state directory, locked by this process.
 * @param now Unix ms.
 * @param skewMs how far clocks may differ.
 * @throws {StateError} when the stored number cannot be read or replaced.
 */
export function nextBoot(folder: string, now: number, skewMs: number): Boot {
  const last = storedBoot(folder) ?? 0n;
  const isLower = last + 1n > BigInt(now + skewMs);
  const boot = isLower || BigInt(now) > last ? BigInt(now) : last + 1n;
  try {
    replaceFile(join(folder, FILE), `${boot}\n`);
  } catch (error) {
    throw new StateError(`${join(folder, FILE)} cannot be written (${errorCode(error)})`, isDiskFull(error));
  }
  return { boot, behindMs: Math.max(0, Number(last) - now), isLower };
}

function storedBoot(folder: string): bigint | undefined {
  const path = join(folder, FILE);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw new StateError(`${path} cannot be read (${errorCode(error)})`);
  }
  // 19 digits stay below 2^64, so that the number after it still fits into the packet.
  if (!/^\d{1,19}\n$/.test(text)) {
    throw new StateError(`${path} is damaged; if this host's clock is right, delete the file`);
  }
  return BigInt(text.trim());
}
