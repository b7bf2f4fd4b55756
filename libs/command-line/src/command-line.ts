/** The arguments of a command. Every command knows --help and --version, and says how it is meant when called wrongly. */
import { parseArgs } from 'node:util';
import type { ParseArgsConfig } from 'node:util';
import { VERSION } from '#libs/version';

const EX_USAGE = 64; // sysexits.h

/**
 * What `parseArgs` returns; after --help and --version the process ends, and after a mistake too, with `usage` on stderr.
 *
 * @param kind a command does what it has to do also when nobody reads on, as under `| head`, and prints no more. A service has a log
 *   of its own, and its stdout stays as it was given.
 */
export function commandLine<T extends ParseArgsConfig>(
  usage: string,
  config: T,
  kind: 'command' | 'service' = 'command',
): ReturnType<typeof parseArgs<T>> {
  if (kind === 'command') onOutputClosed(() => undefined);
  const off = { type: 'boolean', default: false } as const;
  const options = { ...config.options, help: { ...off, short: 'h' }, version: off };
  try {
    const parsed = parseArgs({ ...config, options });
    const values: Readonly<Record<string, unknown>> = parsed.values;
    if (values['help'] === true) print(asCalled(usage));
    if (values['version'] === true) print(`qrng-dd ${VERSION}`);
    return parsed as ReturnType<typeof parseArgs<T>>;
  } catch (error) {
    return misused(error instanceof Error ? error.message : String(error), usage);
  }
}

/** `text` with `qrng-dd keys` for `npm run keys --` where bin/qrng-dd of a package, which has no npm, began this process. */
export function asCalled(text: string): string {
  if (process.title !== 'qrng-dd') return text;
  return text.replace(/npm run (?:start:)?([a-z:]+)( \[| |\b)(?:-- )?/g, 'qrng-dd $1$2');
}

/** Calls `then` when nobody reads what is printed. Without a listener Node ends the process with a stack, and what it has made stays behind. */
export function onOutputClosed(then: () => void): void {
  for (const output of [process.stdout, process.stderr]) {
    output.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      then();
    });
  }
}

/** Ends the process with exit code 64 (EX_USAGE), and what was wrong and `usage` on stderr. */
export function misused(message: string, usage: string): never {
  process.stderr.write(asCalled(`${message}\n\n${usage}\n`));
  process.exit(EX_USAGE);
}

/** A command cannot do what it was called for; the message says why and what to do. */
export class CommandError extends Error {
  override readonly name = 'CommandError';

  /** @param exitCode of sysexits.h, where scripts have to know more than that it failed. */
  constructor(
    message: string,
    readonly exitCode = 1,
  ) {
    super(message);
  }
}

/** Runs a command; one that fails (CommandError) ends the process with its message on stderr, and its exit code. */
export async function runCommand(run: () => Promise<void> | void): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    process.stderr.write(asCalled(`${error.message}\n`));
    process.exit(error.exitCode);
  }
}

function print(text: string): never {
  process.stdout.write(`${text}\n`);
  process.exit(0);
}
