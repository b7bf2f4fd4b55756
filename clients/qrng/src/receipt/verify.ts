/**
 * Verifies a receipt offline, step by step, each of them said in words:
 *
 *   file -> form -> checkpoint signed by the log's key -> entry in the log -> answer -> packets signed by the collector -> draw
 *
 * The keys come from the verifier; nothing in the receipt is believed because the receipt says it.
 */
import { parseReceipt, packetsOf, salted, verifyPacket } from '../../../../libs/tlog/src/receipt.js';
import type { Receipt } from '../../../../libs/tlog/src/receipt.js';
import { ProofError, verifyProof } from '../../../../libs/tlog/src/proof.js';
import { NoteError } from '../../../../libs/tlog/src/signed-note.js';
import type { NoteKey } from '../../../../libs/tlog/src/signed-note.js';
import { redrawn, RedrawError } from './redraw.js';

/** One step: what it looked at, and what it found. `unchecked`: nothing was given to check it with. */
export interface Step {
  readonly step: 'form' | 'log' | 'answer' | 'bytes' | 'packets' | 'draw' | 'history';
  readonly result: 'passed' | 'failed' | 'unchecked';
  readonly text: string;
}

export interface Verification {
  /** No step failed. Look at the steps for those that were not checked. */
  readonly verified: boolean;
  readonly steps: readonly Step[];
  /** What the receipt is about; only where the log has it. */
  readonly about?: {
    readonly origin: string;
    readonly index: number;
    /** ISO 8601, UTC. */
    readonly time: string;
    readonly request: string;
    readonly collectors: readonly string[];
  };
  /** The answer, where the draw was repeated. */
  readonly answer?: Buffer;
}

export interface VerifyOptions {
  /** Of the log, one or more. */
  readonly logKeys: readonly NoteKey[];
  /** Of the collectors; without them nothing says that the packets exist. */
  readonly collectorKeys?: readonly NoteKey[] | undefined;
  /** The body of the answer, byte for byte. */
  readonly answer?: Buffer | undefined;
  /** Repeat the draw from the bytes that the receipt reveals. */
  readonly draw?: boolean | undefined;
}

/** Verifies a receipt file. Never throws for what is in it. */
export function verifyReceipt(file: string, options: VerifyOptions): Verification {
  const steps: Step[] = [];
  const check = <T>(step: Step['step'], run: () => readonly [string, T]): T | undefined => {
    try {
      const [text, value] = run();
      steps.push({ step, result: 'passed', text });
      return value;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      steps.push({ step, result: 'failed', text: error.message });
      return undefined;
    }
  };
  const receipt = check('form', () => ['this is a receipt (c2sp.org/tlog-proof@v1)', parseReceipt(file)]);
  const log = receipt && check('log', () => inLog(receipt, options.logKeys));
  if (receipt === undefined || log === undefined) return { verified: false, steps };
  const { request, time, lineage } = receipt.entry;
  check('answer', () => [answerText(receipt, options), true]);
  if (receipt.raw !== undefined) check('bytes', () => [bytesText(receipt), true]);
  check('packets', () => [packetsText(receipt, options.collectorKeys), true]);
  const answer = options.draw === true ? check('draw', () => repeated(receipt)) : undefined;
  const about = {
    ...{ origin: log, index: receipt.proof.index, time: new Date(time).toISOString(), request },
    collectors: [...new Set(lineage.map(({ collector }) => collector))],
  };
  const judged = steps.map((step) => unchecked(step, options));
  const verified = judged.every(({ result }) => result !== 'failed');
  return { verified, steps: judged, about, ...(answer === undefined ? {} : { answer }) };
}

function inLog(receipt: Receipt, keys: readonly NoteKey[]): readonly [string, string] {
  const { origin, size } = verifyProof(receipt.proof, receipt.entryBytes, keys);
  return [
    `the log ${origin} has signed that its entry ${receipt.proof.index} of ${size} is this one`,
    origin,
  ];
}

function answerText({ salt, entry }: Receipt, { answer, draw }: VerifyOptions): string {
  if (answer === undefined) {
    return draw === true
      ? 'the answer is what the draw below gives'
      : 'give the answer (--answer FILE) to see whether the receipt is about it';
  }
  if (salted(salt, answer).equals(entry.answer)) {
    return `the answer of ${answer.length} bytes is the one of the receipt`;
  }
  throw new ProofError('this answer is not the one of the receipt');
}

function bytesText({ raw = Buffer.alloc(0), salt, entry }: Receipt): string {
  if (entry.raw === undefined || !salted(salt, raw).equals(entry.raw)) {
    throw new ProofError('the bytes that the receipt reveals are not those that the log has noted');
  }
  const named = entry.lineage.reduce((sum, { length }) => sum + length, 0);
  if (named !== raw.length) throw new ProofError('the lineage is not one of as many bytes as were drawn');
  return `the ${raw.length} bytes that were drawn are those that the log has noted`;
}

function packetsText({ entry, proofs }: Receipt, keys: readonly NoteKey[] | undefined): string {
  const packets = packetsOf(entry.lineage);
  if (packets.length === 0) throw new ProofError('the receipt names no packet');
  if (keys === undefined) {
    return 'give the key of the collector (--collector-key) to see whether it signed for the packets';
  }
  if (proofs?.length !== packets.length) {
    throw new ProofError(
      'the receipt has no signature of the collector for its packets; one that is fetched a few seconds later may have it',
    );
  }
  packets.forEach((packet, i) => {
    const proof = proofs[i];
    if (proof !== undefined) verifyPacket(packet, proof, keys);
  });
  const names = packets.map(({ collector, boot, sequence }) => `${collector} ${boot}/${sequence}`);
  const list =
    names.length > 3 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ');
  return `the collector has signed that it sent the packets: ${list}`;
}

function repeated(receipt: Receipt): readonly [string, Buffer] {
  const { raw, entry, salt } = receipt;
  if (raw === undefined) {
    throw new ProofError(
      'the receipt reveals no bytes: only a draw that asked for receipt=full can be repeated',
    );
  }
  const body = redrawn(entry.request, raw, entry.time);
  if (!salted(salt, body).equals(entry.answer)) {
    throw new ProofError('the draw gives another answer than the one of the receipt');
  }
  return ['the bytes, drawn as the request says, give the answer of the receipt', body];
}

/** A step for which nothing was given passes nothing. */
function unchecked(step: Step, { answer, collectorKeys, draw }: VerifyOptions): Step {
  if (step.result !== 'passed') return step;
  const isOpen =
    (step.step === 'answer' && answer === undefined && draw !== true) ||
    (step.step === 'packets' && collectorKeys === undefined);
  return isOpen ? { ...step, result: 'unchecked' } : step;
}

function isRefusal(error: unknown): error is Error {
  return error instanceof ProofError || error instanceof NoteError || error instanceof RedrawError;
}
