/** Completion for fish. */
import type { Command, Option } from './command.js';

/** A script for ~/.config/fish/completions/qrng.fish. */
export function fishScript(commands: readonly Command[]): string {
  return [
    '# Completion of qrng for fish: qrng completion fish > ~/.config/fish/completions/qrng.fish',
    'complete -c qrng -f',
    'complete -c qrng -l help -d "how it is called"',
    'complete -c qrng -n __fish_use_subcommand -l version -d "its version"',
    ...commands.flatMap(({ name, summary, choices, isPath = false, options }) => [
      `complete -c qrng -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`,
      ...(choices === undefined ? [] : [`complete ${within(name)} -a ${quoted(choices.join(' '))}`]),
      ...(isPath ? [`complete ${within(name)} -F`] : []),
      ...options.map((option) => `complete ${within(name)} ${describe(option)}`),
    ]),
    '',
  ].join('\n');
}

function within(command: string): string {
  return `-c qrng -n "__fish_seen_subcommand_from ${command}"`;
}

function describe({ name, value, choices = [], isPath = false, help }: Option): string {
  const takes = value === undefined ? '' : isPath ? ' -r -F' : ` -x -a ${quoted(choices.join(' '))}`;
  return `-l ${name}${takes} -d ${quoted(help)}`;
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
