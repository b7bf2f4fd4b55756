/** `qrng completion`: a script that completes the commands and options in a shell. */
import { bashScript } from './bash-completion.js';
import type { Command } from './command.js';
import { fishScript } from './fish-completion.js';
import { zshScript } from './zsh-completion.js';

const SCRIPTS: Readonly<Record<string, (commands: readonly Command[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

/** The command that completes `others` and itself. */
export function completionCommand(others: readonly Command[]): Command {
  const command: Command = {
    name: 'completion',
    summary: 'a completion script for bash, zsh or fish; for bash: . <(qrng completion bash)',
    argument: 'SHELL',
    choices: Object.keys(SCRIPTS),
    options: [],
    run: ({ argument = '', output }) => output.write(SCRIPTS[argument]?.([...others, command]) ?? ''),
  };
  return command;
}
