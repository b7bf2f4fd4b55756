/** The command `qrng` as consumers run it: compiled, in a process of its own. Needs `npm run build`. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { temporaryFolder, testAuthority } from './gateway.js';
import type { Environment } from './gateway.js';
import { ownEnvironment } from './own-environment.js';
import { until } from './until.js';

export const QRNG = resolve('clients/qrng/bin/qrng.js');

/** A process of it. */
export class QrngRun {
  readonly child: ChildProcess;
  readonly ended: Promise<{ code: number | null; stdout: Buffer; stderr: string }>;
  stderr = '';
  readonly #stdout: Buffer[] = [];

  /** @param command Node and the program to run. */
  constructor(
    args: readonly string[],
    env: Environment,
    [node, program]: readonly [string, string] = [process.execPath, QRNG],
  ) {
    this.child = spawn(node, [program, ...args], {
      env: { ...ownEnvironment(), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout?.on('data', (chunk: Buffer) => this.#stdout.push(chunk));
    this.child.stderr?.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.ended = new Promise((done) =>
      this.child.once('close', (code) =>
        done({ code, stdout: Buffer.concat(this.#stdout), stderr: this.stderr }),
      ),
    );
  }

  /** Resolves once standard error has this text. */
  async said(text: string): Promise<void> {
    await until(`qrng says "${text}"`, () => this.stderr.includes(text), { describe: () => this.stderr });
  }

  /** SIGTERM, and what it ended with. */
  async stop(): Promise<number | null> {
    this.child.kill('SIGTERM');
    return (await this.ended).code;
  }
}

/** The environment of a consumer of `gateway`. */
export async function consumerEnvironment(gateway: {
  readonly url: string;
  readonly apiKey: string;
}): Promise<Environment> {
  const caFile = join(temporaryFolder(), 'ca.pem');
  writeFileSync(caFile, (await testAuthority()).certificatePem);
  return { QRNG_URL: gateway.url, QRNG_API_KEY: gateway.apiKey, QRNG_CA_FILE: caFile };
}

/** Runs it to its end. */
export async function qrng(
  env: Environment,
  ...args: string[]
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await new QrngRun(args, env).ended;
  return { code, stdout: stdout.toString(), stderr };
}
