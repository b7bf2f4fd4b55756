/** `qrng verify FILE`: verifies a receipt offline, every step in words. */
import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { NoteError, parseVerifierKey } from '../../../../libs/tlog/src/signed-note.js';
import type { NoteKey } from '../../../../libs/tlog/src/signed-note.js';
import { MOST_RECEIPT_BYTES } from '../client.js';
import { printable } from '../printable.js';
import { verifyReceipt } from '../receipt/verify.js';
import type { Step, Verification } from '../receipt/verify.js';
import { JSON_FLAG } from './command.js';
import type { Command, Invocation, Values } from './command.js';
import { UsageError } from './usage-error.js';
import { textOf } from './values.js';
import { isReceipt, verifyCheckpoint, withHistory } from './verify-history.js';
import { InputError, VerificationError } from './verification-error.js';

const MARKS: Readonly<Record<Step['result'], string>> = { passed: 'ok', failed: 'FAILED', unchecked: '-' };

export const VERIFY: Command = {
  name: 'verify',
  summary: 'verify a receipt, offline; needs no API key, and no gateway but with --log',
  argument: 'FILE',
  isPath: true,
  options: [
    {
      name: 'log-key',
      value: 'KEY',
      isPath: true,
      help: 'the public key of the receipt log (NAME+ID+KEY), or a file with it',
    },
    {
      name: 'collector-key',
      value: 'KEY',
      isPath: true,
      help: 'the public key of the collector, or a file with those of several, one a line',
    },
    { name: 'answer', value: 'FILE', isPath: true, help: 'the answer that the receipt should be about' },
    { name: 'draw', help: 'repeat the draw from the bytes that the receipt reveals, and write its answer' },
    {
      name: 'log',
      value: 'URL',
      help: 'ask the log there, such as https://GATEWAY/log, whether it still begins with what this file says; FILE may be a checkpoint, too',
    },
    {
      name: 'save',
      value: 'FILE',
      isPath: true,
      help: 'with --log: write the checkpoint that the log has now to FILE',
    },
    JSON_FLAG,
  ],
  run: verify,
};

async function verify(invocation: Invocation): Promise<void> {
  const { argument = '', values, output } = invocation;
  const logKey = textOf(values, 'log-key');
  if (logKey === undefined) {
    throw new UsageError('--log-key is missing: the key comes from the operator, not from the receipt');
  }
  const outcome = await verified(read(argument).toString('utf8'), keysOf('--log-key', logKey), invocation);
  if (values['json'] === true) await output.write(`${JSON.stringify(asJson(outcome))}\n`);
  else for (const line of lines(outcome)) await output.write(`${printable(line)}\n`);
  if (!outcome.verified) throw new VerificationError(`${argument} is not verified`);
}

async function verified(
  file: string,
  keys: readonly NoteKey[],
  { values, env }: Invocation,
): Promise<Verification> {
  const [url, save] = [textOf(values, 'log'), textOf(values, 'save')];
  if (url === undefined) {
    if (save !== undefined) throw new UsageError('--save goes with --log');
    return receiptAlone(file, keys, values);
  }
  const alone = isReceipt(file) ? receiptAlone(file, keys, values) : verifyCheckpoint(file, keys);
  return alone.verified ? withHistory(alone, file, { keys, url, save, env }) : alone;
}

function receiptAlone(file: string, logKeys: readonly NoteKey[], values: Values): Verification {
  const collectorKey = textOf(values, 'collector-key');
  const answer = textOf(values, 'answer');
  return verifyReceipt(file, {
    logKeys,
    ...(collectorKey === undefined ? {} : { collectorKeys: keysOf('--collector-key', collectorKey) }),
    ...(answer === undefined ? {} : { answer: read(answer) }),
    draw: values['draw'] === true,
  });
}

function* lines({ steps, about, answer, verified }: Verification): Generator<string> {
  if (about !== undefined) {
    yield `receipt    ${about.index} of ${about.origin}`;
    yield `request    ${about.request}`;
    yield `drawn at   ${about.time}, as the gateway says`;
  }
  for (const { step, result, text } of steps) yield `${step.padEnd(9)}  ${MARKS[result].padEnd(6)}  ${text}`;
  if (verified && answer !== undefined) {
    yield `answer     ${isUtf8(answer) ? answer.toString() : answer.toString('hex')}`;
  }
  if (verified) {
    const open = steps.filter(({ result }) => result === 'unchecked').map(({ step }) => step);
    yield open.length === 0 ? 'verified' : `verified, but for what was not checked: ${open.join(', ')}`;
  }
}

function asJson({ answer, ...outcome }: Verification): object {
  return { ...outcome, ...(answer === undefined ? {} : { answer: answer.toString('base64') }) };
}

/** The keys of an option: its value, or the lines of the file that it names. */
function keysOf(option: string, value: string): NoteKey[] {
  const isKey = /^[^\s+]+\+[0-9a-f]{8}\+/.test(value);
  const texts = (isKey ? value : read(value).toString('utf8'))
    .split('\n')
    .filter((line) => line.trim() !== '');
  try {
    if (texts.length > 0) return texts.map(parseVerifierKey);
  } catch (error) {
    if (!(error instanceof NoteError)) throw error;
    throw new UsageError(`${option}: ${error.message}`);
  }
  throw new UsageError(`${option}: the file has no key in it`);
}

function read(path: string): Buffer {
  try {
    const content = readFileSync(path === '-' ? 0 : path);
    if (content.length <= MOST_RECEIPT_BYTES) return content;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new InputError(`${path} cannot be read (${code})`);
  }
  throw new InputError(`${path} is longer than any receipt`);
}
