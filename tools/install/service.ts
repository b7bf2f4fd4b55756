/** The service of an app on this machine: whether systemd runs it, and how it takes over files that were changed. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { App } from '../doctor/app.js';

/** Runs a program to its end; the exit code, 127 where there is no such program. */
export function run(program: string, ...args: string[]): number {
  const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` };
  return spawnSync(program, args, { stdio: 'inherit', env }).status ?? 127;
}

export function isActive(app: App): boolean {
  // Without systemd it complains, and the answer says enough.
  return spawnSync('systemctl', ['is-active', '--quiet', `qrng-${app}`], { stdio: 'ignore' }).status === 0;
}

/** Has the running service read its files again, and the doctor look; the exit code. */
export function reloadService(app: App, environmentFile: string): number {
  const service = `qrng-${app}`;
  if (run('systemctl', 'reload', service) !== 0) {
    console.error(`\n${service} could not reload: journalctl -u ${service} says why.`);
    return 1;
  }
  console.log(`\n${service} was asked to read its files again. The doctor:\n`);
  return run(process.execPath, join(import.meta.dirname, '../doctor.js'), app, environmentFile);
}
