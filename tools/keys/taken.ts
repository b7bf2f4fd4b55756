/** Whether the gateway that runs on this machine uses a key file as it was just written: it says so in its state directory. */
import { setTimeout } from 'node:timers/promises';
import { readReloadOutcomes } from '#libs/files';
import type { ReloadOutcome } from '#libs/files';

/** It looks four times a second, and takes a file that was still for one look. */
const WAIT_MS = 5000;
const LOOK_EVERY_MS = 50;

/** What it says of the change made at `since` (Unix ms), in words; `refused` when the old keys stay in use. */
export interface Taken {
  readonly refused: boolean;
  readonly text: string;
}

/** Undefined where no gateway has ever run with this state directory. @throws the file system's error. */
export async function takenByGateway(directory: string, since: number): Promise<Taken | undefined> {
  if (outcomeIn(directory) === undefined) return undefined;
  const until = performance.now() + WAIT_MS;
  while (performance.now() < until) {
    const outcome = outcomeIn(directory);
    if (outcome !== undefined && outcome.at >= since) return takenText(outcome);
    await setTimeout(LOOK_EVERY_MS);
  }
  return {
    refused: false,
    text: `The gateway has not said within ${WAIT_MS / 1000} s that it uses the change. Does it run, and is this the file that it reads?`,
  };
}

function takenText({ refused }: ReloadOutcome): Taken {
  return refused === undefined
    ? { refused: false, text: 'The gateway uses the change.' }
    : { refused: true, text: `The gateway refuses the file, and the old keys stay in use: ${refused}` };
}

function outcomeIn(directory: string): ReloadOutcome | undefined {
  return readReloadOutcomes(directory).find(({ what }) => what === 'api-keys');
}
