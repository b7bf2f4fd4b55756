/** Completion for zsh. */
import type { Command, Option } from './command.js';

/** A script for a file `_qrng` in a folder of `fpath`, or to be sourced. */
export function zshScript(commands: readonly Command[]): string {
  return `#compdef qrng
# Completion of qrng for zsh: qrng completion zsh > a file named _qrng in a folder of $fpath
_qrng() {
  local -a commands
  commands=(
${commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`).join('\n')}
  )
  if ((CURRENT == 2)); then
    _describe command commands
    compadd -- --help --version
    return
  fi
  shift words
  ((CURRENT--))
  case $words[1] in
${commands.map(describeCommand).join('\n')}
  esac
}
if [[ $funcstack[1] == _qrng ]]; then _qrng "$@"; else compdef _qrng qrng; fi
`;
}

function describeCommand({ name, argument, choices, isPath = false, options }: Command): string {
  const position =
    argument === undefined
      ? []
      : [
          `1:${argument.replace(/[[\]]/g, '')}:${isPath ? '_files' : choices ? `(${choices.join(' ')})` : ''}`,
        ];
  const specs = [...options.map(describe), '--help[how it is called]', ...position];
  return `    ${name}) _arguments ${specs.map(quoted).join(' ')} ;;`;
}

function describe({ name, value, choices, isPath = false, help }: Option): string {
  const text = `--${name}${value === undefined ? '' : '='}[${help.replace(/[[\]:\\]/g, '\\$&')}]`;
  if (value === undefined) return text;
  return `${text}:${value}:${isPath ? '_files' : choices ? `(${choices.join(' ')})` : ''}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
