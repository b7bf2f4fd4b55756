/** Programs of the operating system that a suite needs: where one is missing the suite is skipped, and says which. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe } from '@jest/globals';

const folders = [
  ...(process.env['PATH'] ?? '').split(delimiter),
  '/usr/sbin',
  '/sbin',
  '/usr/lib/nginx/modules',
];

/** Like describe(), for a suite that runs the named programs. `npm test` installs them, or names them at its end. */
export function describeWith(programs: readonly string[], name: string, body: () => void): void {
  const missing = programs.filter((program) => !folders.some((folder) => existsSync(join(folder, program))));
  if (missing.length === 0) describe(name, body);
  else describe.skip(`${name} [missing: ${missing.join(', ')}]`, body);
}

/** Runs a program to its end; `output` is what it wrote to stdout and stderr. */
export function run(program: string, ...args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    // promtool, in Go, spends a quarter of its time on collecting garbage otherwise.
    env: { ...process.env, PATH: folders.join(delimiter), GOGC: '400' },
  });
  if (error !== undefined) throw error;
  return { status, output: stdout + stderr };
}
