/** Has NIST's tools estimate the captured samples, where they are on the PATH. */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { errorCode } from '#libs/files';

const run = promisify(execFile);
const SAMPLE_BITS = '8';
const MOST_OUTPUT = 16 * 1024 * 1024;

/** What a tool said: bits of min-entropy a sample, where it found a number, or why there is none. */
export interface Estimate {
  readonly tool: 'ea_non_iid' | 'ea_restart';
  readonly minEntropy?: number;
  /** `failed`: the tool's verdict, or it ended with an error; its output is in TOOL.txt. */
  readonly outcome: 'estimated' | 'failed' | 'not installed' | 'not run';
}

/** Runs both tools; `ea_restart` needs what `ea_non_iid` found. Their output is written into `folder`. */
export async function estimate(folder: string): Promise<Estimate[]> {
  const initial = await runTool(
    'ea_non_iid',
    ['-i', '-v', join(folder, 'sequential.bin'), SAMPLE_BITS],
    folder,
  );
  if (initial.minEntropy === undefined) return [initial, { tool: 'ea_restart', outcome: 'not run' }];
  const claim = String(initial.minEntropy);
  return [
    initial,
    await runTool('ea_restart', ['-n', '-v', join(folder, 'restarts.bin'), SAMPLE_BITS, claim], folder),
  ];
}

async function runTool(tool: Estimate['tool'], parameters: string[], folder: string): Promise<Estimate> {
  let output: string;
  let succeeded = true;
  try {
    const { stdout, stderr } = await run(tool, parameters, { maxBuffer: MOST_OUTPUT });
    output = stdout + stderr;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return { tool, outcome: 'not installed' };
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    output = stdout + stderr;
    succeeded = false;
  }
  writeFileSync(join(folder, `${tool}.txt`), output, { mode: 0o600 });
  const minEntropy = succeeded ? numberIn(output) : undefined;
  return minEntropy === undefined ? { tool, outcome: 'failed' } : { tool, outcome: 'estimated', minEntropy };
}

/** The last line with the assessed entropy: `min(H_original, 8 X H_bitstring): 7.86`, `min(H_r, H_c, H_I): 7.8`. */
export function numberIn(output: string): number | undefined {
  if (/restart .*failed/i.test(output)) return undefined;
  const all = [...output.matchAll(/^\s*\**\s*min\(H_[^)]*\)\s*[:=]\s*(\d+(?:\.\d+)?)\s*$/gm)];
  const found = all.at(-1)?.[1];
  return found === undefined ? undefined : Number(found);
}
