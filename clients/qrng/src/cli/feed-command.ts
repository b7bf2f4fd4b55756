/** `qrng feed`: entropy for a reader of a pipe, this machine's kernel, or virtual machines; runs until it is stopped. */
import { feedEgd } from '../feed/egd-server.js';
import { feedFifo } from '../feed/fifo.js';
import { feedKernel } from '../feed/kernel.js';
import { Prefetch } from '../feed/prefetch.js';
import type { Command, Invocation } from './command.js';
import { UsageError } from './usage-error.js';
import { optional, textOf, wholeNumber } from './values.js';

/** As systemd feeds a virtual machine. */
const LIMIT = 1024;
const MOST_PER_SECOND = 1_048_576;
/** The kernel reseeds itself at least once a minute. */
const EVERY_SECONDS = 60;

export const FEED: Command = {
  name: 'feed',
  summary: 'feed a named pipe, the kernel, or virtual machines, until stopped',
  options: [
    {
      name: 'fifo',
      value: 'PATH',
      isPath: true,
      help: 'a named pipe, made if it is not there: rngd -r PATH',
    },
    { name: 'kernel', help: '64 bytes into /dev/random, again and again, without credit' },
    { name: 'egd', value: 'SOCKET', isPath: true, help: "a Unix socket that speaks EGD: QEMU's rng-egd" },
    {
      name: 'limit',
      value: 'N',
      help: `bytes a second for each reader of --fifo and --egd, ${LIMIT} if not given`,
    },
    { name: 'every', value: 'SECONDS', help: `with --kernel: how often, ${EVERY_SECONDS} if not given` },
  ],
  untilStopped: true,
  run: feed,
};

async function feed(invocation: Invocation): Promise<void> {
  const { values, log, signal } = invocation;
  const [fifo, egd] = [textOf(values, 'fifo'), textOf(values, 'egd')];
  const isKernel = values['kernel'] === true;
  if ([fifo, egd, isKernel || undefined].filter((target) => target !== undefined).length !== 1) {
    throw new UsageError('choose one of --fifo PATH, --kernel and --egd SOCKET');
  }
  const limit = bounded(values, 'limit', isKernel, [1, MOST_PER_SECOND]) ?? LIMIT;
  const seconds = bounded(values, 'every', !isKernel, [1, 86_400]) ?? EVERY_SECONDS;
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  const bytes = gatewayBytes({ ...invocation, signal: either });
  let refusal: Error | undefined;
  /** A gateway that refuses for good ends the feed, also while nobody reads. */
  const fetch = (count: number): Promise<Buffer> =>
    bytes(count).catch((error: unknown) => {
      if (!either.aborted) refusal = error as Error;
      over.abort();
      throw error;
    });
  try {
    if (isKernel) await feedKernel(seconds, bytes, { log, signal });
    else {
      const prefetch = new Prefetch(fetch, Math.min(Math.max(512, 4 * limit), 65_536));
      const options = { prefetch, limit, log, signal: either };
      if (fifo !== undefined) await feedFifo(fifo, options);
      else await feedEgd(egd ?? '', options);
    }
  } catch (error) {
    if (!either.aborted) throw error;
  } finally {
    over.abort(); // a request under way is wanted no more
  }
  if (refusal !== undefined) throw refusal;
  log('stopped');
}

/** Bytes of the gateway, however long that takes; says when it stops and when it answers again, and not each attempt. */
function gatewayBytes({ client, log, signal }: Invocation): (count: number) => Promise<Buffer> {
  let isMissing = false;
  const onWait = ({ message }: Error): void => {
    if (!isMissing) log(`${message}; trying again until the gateway answers`);
    isMissing = true;
  };
  const gateway = client({ wait: true, onWait });
  return async (count) => {
    const bytes = await gateway.bytes(count, signal);
    if (isMissing) log('the gateway answers again');
    isMissing = false;
    return bytes;
  };
}

/** @throws {UsageError} when it is given where it means nothing, or is out of bounds. */
function bounded(
  values: Invocation['values'],
  name: string,
  isMeaningless: boolean,
  [min, max]: readonly [number, number],
): number | undefined {
  const value = optional(values, name, wholeNumber);
  if (value === undefined) return undefined;
  if (isMeaningless) throw new UsageError(`--${name} means nothing here`);
  if (value < min || value > max) throw new UsageError(`--${name} must be from ${min} to ${max}`);
  return value;
}
