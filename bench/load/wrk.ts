/** wrk as the load generator, where the machine has it: it leaves more of the processor to the server. */
import { execFile, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { LoadResult } from './built-in.js';

const SCRIPT = join(import.meta.dirname, '../../../bench/load/wrk.lua');

export interface WrkLoad {
  readonly url: string;
  readonly connections: number;
  readonly seconds: number;
  /** A file with an API key a line; requests rotate through them. */
  readonly keysFile: string;
}

/** Whether wrk is installed (Debian: `apt-get install wrk`). */
export function hasWrk(): boolean {
  return spawnSync('wrk', ['--version'], { stdio: 'ignore' }).error === undefined;
}

/** Runs wrk with one thread; it checks statuses, not lengths. */
export async function runWrk({ url, connections, seconds, keysFile }: WrkLoad): Promise<LoadResult> {
  const { stdout } = await promisify(execFile)('wrk', [
    ...['--threads', '1', '--connections', String(connections), '--duration', String(seconds)],
    ...['--timeout', '10', '--script', SCRIPT, url, '--', keysFile],
  ]);
  const line = stdout.split('\n').find((text) => text.startsWith('{')) ?? '';
  const { status, socket, ...result } = JSON.parse(line) as WrkReport;
  const wrong = [
    ...(status > 0 ? [`${status} answers were no success`] : []),
    ...(socket > 0 ? [`${socket} socket errors`] : []),
  ];
  return { ...result, wrong };
}

interface WrkReport extends Omit<LoadResult, 'wrong'> {
  readonly status: number;
  readonly socket: number;
}
