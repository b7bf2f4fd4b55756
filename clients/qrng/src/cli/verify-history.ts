/** `qrng verify FILE --log URL`: what the log of today says of an earlier state; what a cron job runs that keeps checkpoints. */
import { writeFileSync } from 'node:fs';
import { openCheckpoint } from '../../../../libs/tlog/src/checkpoint.js';
import { parseProof, ProofError } from '../../../../libs/tlog/src/proof.js';
import { NoteError } from '../../../../libs/tlog/src/signed-note.js';
import type { NoteKey } from '../../../../libs/tlog/src/signed-note.js';
import { continued, TwoHistoriesError } from '../receipt/history.js';
import type { Step, Verification } from '../receipt/verify.js';
import { caOf, gatewayUrl } from '../settings.js';
import type { Environment } from '../settings.js';
import { Transport } from '../transport.js';
import { OutputError } from './output.js';

/** Whether a file is a receipt; else it is taken for a checkpoint. */
export function isReceipt(file: string): boolean {
  return file.startsWith('c2sp.org/tlog-proof@');
}

/**
 * Adds to a verification what the log says now.
 *
 * @param file a receipt, or a checkpoint.
 * @param save where the log's checkpoint of now goes; where it contradicts the one of the file, to `save`.conflict.
 * @throws {QrngError} when the log cannot be read.
 */
export async function withHistory(
  verification: Verification,
  file: string,
  {
    keys,
    url,
    save,
    env,
  }: { keys: readonly NoteKey[]; url: string; save: string | undefined; env: Environment },
): Promise<Verification> {
  const step = (result: Step['result'], text: string): Verification => ({
    ...verification,
    verified: verification.verified && result === 'passed',
    steps: [...verification.steps, { step: 'history', result, text }],
  });
  const transport = new Transport({ url: gatewayUrl(url, '--log'), ca: caOf(env['QRNG_CA_FILE'] ?? '') });
  try {
    const before = openCheckpoint(isReceipt(file) ? parseProof(file).checkpoint : file, keys);
    const { now, note } = await continued(before, keys, async (path, most) => {
      return (await transport.read(`/${path}`, most)).body;
    });
    if (save !== undefined) write(save, note);
    return step(
      'passed',
      `the log has ${now.size} entries now, and begins with the ${before.size} of this file`,
    );
  } catch (error) {
    if (error instanceof TwoHistoriesError && save !== undefined) write(`${save}.conflict`, error.note);
    if (error instanceof ProofError || error instanceof NoteError) return step('failed', error.message);
    throw error;
  } finally {
    transport.close();
  }
}

/** A checkpoint alone, before its history is looked at. */
export function verifyCheckpoint(file: string, keys: readonly NoteKey[]): Verification {
  try {
    const { origin, size } = openCheckpoint(file, keys);
    const text = `the log ${origin} has signed this state of ${size} entries`;
    return { verified: true, steps: [{ step: 'log', result: 'passed', text }] };
  } catch (error) {
    if (!(error instanceof NoteError)) throw error;
    return { verified: false, steps: [{ step: 'log', result: 'failed', text: error.message }] };
  }
}

function write(path: string, note: string): void {
  try {
    writeFileSync(path, note);
  } catch (error) {
    throw new OutputError((error as NodeJS.ErrnoException).code ?? 'unknown');
  }
}
