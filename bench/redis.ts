/** A redis-server for the shared pool, set as docs/scaling.md demands. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { freePort } from '../scripts/demo/free-port.js';
import type { Setup } from './setup.js';

const SETTINGS = ['--save', '', '--appendonly', 'no', '--maxmemory-policy', 'noeviction'];

export interface Redis {
  readonly url: string;
  stop(): Promise<void>;
}

/** @throws {Error} when redis-server is not installed, or does not start. */
export async function startRedis(setup: Setup): Promise<Redis> {
  const port = await freePort();
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', setup.folder, ...SETTINGS];
  const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const kill = (): boolean => child.kill('SIGKILL');
  process.once('exit', kill);
  await once(child, 'spawn');
  let log = '';
  for await (const chunk of child.stdout) {
    log += String(chunk);
    if (log.includes('Ready to accept connections')) break;
  }
  if (child.exitCode !== null) throw new Error(`redis-server did not start:\n${log}`);
  return {
    url: `redis://127.0.0.1:${port}`,
    stop: async () => {
      process.off('exit', kill);
      const ended = once(child, 'exit');
      kill();
      await ended;
    },
  };
}
