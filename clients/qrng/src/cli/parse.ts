/** Reads the arguments of a command by what the command says of itself. */
import { parseArgs } from 'node:util';
import type { Command, Option, Values } from './command.js';
import { UsageError } from './usage-error.js';

/** @throws {UsageError} for an option that the command does not have, a value that it does not take, a missing argument. */
export function parse(
  command: Command,
  args: readonly string[],
): { values: Values; argument: string | undefined } {
  const options = Object.fromEntries(
    command.options.map(
      ({ name, value }) => [name, { type: value === undefined ? 'boolean' : 'string' }] as const,
    ),
  );
  const { values, positionals, tokens } = attempt(() =>
    parseArgs({ args: withNegativeNumbers(command, args), options, allowPositionals: true, tokens: true }),
  );
  const given = tokens.flatMap((token) => (token.kind === 'option' ? [token.name] : []));
  const twice = given.find((name, at) => given.indexOf(name) !== at);
  if (twice !== undefined) throw new UsageError(`--${twice} is given twice`);
  for (const option of command.options) checkChoice(option, values[option.name]);
  return { values: values as Values, argument: argumentOf(command, positionals) };
}

function attempt<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (!code?.startsWith('ERR_PARSE_ARGS_')) throw error;
    // What follows the first sentence is about how to quote a positional argument.
    throw new UsageError(message.split(/\.? *\n|\. /)[0] ?? message);
  }
}

/** `--min -5` means `--min=-5`, which parseArgs finds ambiguous. */
function withNegativeNumbers(command: Command, args: readonly string[]): string[] {
  const joined: string[] = [];
  for (const arg of args) {
    const before = joined.at(-1);
    const takesValue = command.options.some(
      ({ name, value }) => value !== undefined && before === `--${name}`,
    );
    if (takesValue && /^-[0-9.]/.test(arg)) joined.splice(-1, 1, `${before}=${arg}`);
    else joined.push(arg);
  }
  return joined;
}

function checkChoice({ name, choices }: Option, value: string | boolean | undefined): void {
  if (choices === undefined || value === undefined || choices.includes(String(value))) return;
  throw new UsageError(`--${name} must be one of ${choices.join(', ')}`);
}

function argumentOf(
  { name, argument, choices }: Command,
  [first, second]: readonly string[],
): string | undefined {
  const extra = argument === undefined ? first : second;
  if (extra !== undefined) throw new UsageError(`unexpected argument "${extra}"`);
  const isRequired = argument?.startsWith('[') === false;
  if (isRequired && first === undefined) throw new UsageError(`qrng ${name} needs ${argument}`);
  if (choices !== undefined && first !== undefined && !choices.includes(first)) {
    throw new UsageError(`${argument} must be one of ${choices.join(', ')}`);
  }
  return first;
}
