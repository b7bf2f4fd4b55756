/** Mixes entropy into this machine's kernel. It credits nothing: the kernel gains, and cannot lose. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import type { FeedOptions } from './feed.js';
import { FeedError } from './feed-error.js';

/** The kernel's pool has 256 bits; twice that is more than it can hold. */
const SEED_BYTES = 64;

/**
 * Writes 64 bytes to /dev/random, and again after each `seconds`, until `signal` aborts. Any user may write there.
 *
 * @throws {FeedError} when it cannot be written to; {QrngError} when the gateway refuses for good.
 */
export async function feedKernel(
  seconds: number,
  bytes: (count: number) => Promise<Buffer>,
  { log, signal }: Pick<FeedOptions, 'log' | 'signal'>,
  device = '/dev/random',
): Promise<void> {
  log(`${SEED_BYTES} bytes into ${device} every ${seconds} s, without credit`);
  for (;;) {
    await seed(device, await bytes(SEED_BYTES));
    await setTimeout(seconds * 1000, undefined, { signal });
  }
}

async function seed(device: string, bytes: Buffer): Promise<void> {
  try {
    const file = await open(device, constants.O_WRONLY);
    try {
      await file.writeFile(bytes);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw FeedError.of(`cannot write to ${device}`, error);
  }
  bytes.fill(0);
}
