/** The arguments of a command, so that one that is called wrongly says how it is meant instead of showing a stack. */
import { parseArgs } from 'node:util';
import type { ParseArgsConfig } from 'node:util';

/** What `parseArgs` gives, or exit code 64 (EX_USAGE of sysexits.h) with the reason and `usage` on stderr. */
export function parsedArguments<T extends ParseArgsConfig>(
  config: T,
  usage: string,
): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    process.exit(64);
  }
}
