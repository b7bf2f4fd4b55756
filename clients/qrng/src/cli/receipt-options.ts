/** `--receipt FILE`: the draw gets a receipt, which is fetched once the draw was written; `qrng verify FILE` verifies it. */
import { closeSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { parseReceipt } from '../../../../libs/tlog/src/receipt.js';
import { ProofError } from '../../../../libs/tlog/src/proof.js';
import type { QrngClient, ReceiptOfDraw } from '../client.js';
import { QrngError } from '../qrng-error.js';
import type { Invocation, Option } from './command.js';
import { OutputError } from './output.js';
import { UsageError } from './usage-error.js';
import { textOf } from './values.js';

export const RECEIPT: readonly Option[] = [
  {
    name: 'receipt',
    value: 'FILE',
    isPath: true,
    help: 'ask for a receipt, and write it to FILE, which must be new',
  },
  {
    name: 'reveal',
    help: 'with --receipt: let it reveal the bytes drawn, so that anybody can repeat the draw; never for a secret',
  },
  {
    name: 'answer',
    value: 'FILE',
    isPath: true,
    help: 'with --receipt: write the answer as it came to FILE, for qrng verify --answer',
  },
];

/** The signature of a collector comes with its next heartbeat; one that has no key signs nothing. */
const LOOKS = 4;
const BETWEEN_MS = 1000;

/**
 * Runs a draw, with a receipt where the command line asks for one.
 *
 * @param run draws with the client of the invocation that it is given, and writes what it drew.
 * @throws {UsageError} before anything is drawn; {OutputError} when a file cannot be written; {QrngError}.
 */
export async function withReceipt(
  invocation: Invocation,
  run: (invocation: Invocation) => Promise<void>,
): Promise<void> {
  const { values, log } = invocation;
  const path = textOf(values, 'receipt');
  const answer = textOf(values, 'answer');
  const reveal = values['reveal'] === true;
  if (path === undefined) {
    if (reveal || answer !== undefined) throw new UsageError('--reveal and --answer go with --receipt');
    return run(invocation);
  }
  if (values['mix'] === true) {
    throw new UsageError(
      '--receipt is about what the gateway drew, and --mix draws here: choose one of them',
    );
  }
  const files = new NewFiles([path, ...(answer === undefined ? [] : [answer])]);
  try {
    let drawn: ReceiptOfDraw | undefined;
    const client = invocation.client({
      receipt: reveal ? 'full' : 'plain',
      onReceipt: (one) => (drawn = one),
    });
    await run({ ...invocation, client: () => client });
    if (drawn === undefined) {
      throw new QrngError('unexpected', 'this gateway gives no receipts; the draw has none');
    }
    if (answer !== undefined) files.write(answer, drawn.answer);
    files.write(path, await fetched(client, drawn.index, log));
  } finally {
    files.removeEmpty();
  }
}

async function fetched(client: QrngClient, index: number, log: (line: string) => void): Promise<string> {
  try {
    for (let look = 1; ; look++) {
      const file = await client.receipt(index);
      if (parseReceipt(file).proofs !== undefined) return file;
      if (look === LOOKS) {
        log(
          'the collector has not signed for the packets of this receipt; verify it without --collector-key',
        );
        return file;
      }
      await new Promise((resolve) => setTimeout(resolve, BETWEEN_MS));
    }
  } catch (error) {
    const what = error instanceof ProofError ? 'is none' : 'could not be fetched';
    log(`the draw was made, but its receipt ${index} ${what}; GET /api/receipts/${index} gives it later`);
    throw error instanceof ProofError ? new QrngError('unexpected', error.message) : error;
  }
}

/** Files that were not there before; made before the draw, so that none is drawn whose receipt has no place. */
class NewFiles {
  readonly #unwritten = new Set<string>();

  constructor(paths: readonly string[]) {
    for (const path of paths) {
      try {
        closeSync(openSync(path, 'wx', 0o666));
      } catch (error) {
        this.removeEmpty();
        const { code = 'unknown' } = error as NodeJS.ErrnoException;
        throw new UsageError(
          `${path} ${code === 'EEXIST' ? 'is there already' : `cannot be made (${code})`}`,
        );
      }
      this.#unwritten.add(path);
    }
  }

  write(path: string, content: string | Buffer): void {
    try {
      writeFileSync(path, content);
    } catch (error) {
      throw new OutputError((error as NodeJS.ErrnoException).code ?? 'unknown');
    }
    this.#unwritten.delete(path);
  }

  removeEmpty(): void {
    for (const path of this.#unwritten) rmSync(path, { force: true });
  }
}
