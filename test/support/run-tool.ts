/** Runs a command of tools/, as it was built. */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { ownEnvironment } from './own-environment.js';

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What `npm run NAME -- ARGS` does, with this environment and PATH. */
export async function runTool(
  name: string,
  args: readonly string[],
  env: Record<string, string>,
): Promise<Outcome> {
  const child = spawn(process.execPath, [`dist/tools/${name}.js`, ...args], {
    env: { ...ownEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((done) => child.once('exit', done));
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, stdout, stderr };
}
