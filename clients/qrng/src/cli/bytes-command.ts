/** `qrng bytes`: any number of bytes, in four encodings. */
import { MOST_BYTES, MOST_STREAM_BYTES } from '../draws.js';
import type { QrngClient } from '../client.js';
import { JSON_FLAG, MIX, WAIT } from './command.js';
import type { Command, Invocation } from './command.js';
import { encoded, ENCODINGS } from './encoded.js';
import type { Encoding } from './encoded.js';
import { RECEIPT, withReceipt } from './receipt-options.js';
import { UsageError } from './usage-error.js';
import { textOf, wholeNumber } from './values.js';

export const BYTES: Command = {
  name: 'bytes',
  summary: 'random bytes, 32 unless COUNT is given',
  argument: '[COUNT]',
  options: [
    {
      name: 'encoding',
      value: 'ENCODING',
      choices: ENCODINGS,
      help: 'hex (default), base64, base64url or binary',
    },
    MIX,
    WAIT,
    JSON_FLAG,
    ...RECEIPT,
  ],
  run: (invocation) => withReceipt(invocation, writeBytes),
};

async function writeBytes(invocation: Invocation): Promise<void> {
  const { argument = '32', values, output, client, signal } = invocation;
  const count = wholeNumber('COUNT', argument);
  if (count < 1) throw new UsageError('COUNT must be at least 1');
  if (count > MOST_BYTES && values['receipt'] !== undefined) {
    throw new UsageError(`a receipt is about at most ${MOST_BYTES} bytes`);
  }
  const encoding = (textOf(values, 'encoding') ?? 'hex') as Encoding;
  const quote = values['json'] === true ? '"' : '';
  if (encoding === 'binary' && quote !== '') {
    throw new UsageError('--json has no binary; choose another --encoding');
  }
  if (encoding === 'binary' && output.isTerminal) {
    throw new UsageError('binary is not for a terminal; write it to a file or a pipe');
  }
  const chunks = values['mix'] === true ? mixedChunks : plainChunks;
  await output.write(quote);
  for await (const text of encoded(chunks(client(), count, signal), encoding)) await output.write(text);
  await output.write(encoding === 'binary' ? '' : `${quote}\n`);
}

/** Small requests are answered as a whole or not at all; large ones come as streams. */
async function* plainChunks(client: QrngClient, count: number, signal: AbortSignal): AsyncGenerator<Buffer> {
  if (count <= MOST_BYTES) {
    yield await client.bytes(count, signal);
    return;
  }
  for (let left = count; left > 0; left -= MOST_STREAM_BYTES) {
    yield* client.stream(Math.min(left, MOST_STREAM_BYTES), signal);
  }
}

async function* mixedChunks(client: QrngClient, count: number, signal: AbortSignal): AsyncGenerator<Buffer> {
  const draws = client.mixed();
  for (let left = count; left > 0; left -= MOST_BYTES) {
    yield await draws.bytes(Math.min(left, MOST_BYTES), signal);
  }
}
