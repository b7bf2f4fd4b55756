/** Completion for bash. */
import type { Command } from './command.js';

/** A script to be sourced: it completes commands, options, their values and paths. */
export function bashScript(commands: readonly Command[]): string {
  return `# Completion of qrng for bash: . <(qrng completion bash)
_qrng() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} words=
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    words='${[...commands.map(({ name }) => name), '--help', '--version'].join(' ')}'
  else
    case "\${COMP_WORDS[1]} $previous" in
${commands.flatMap(valueCases).join('\n')}
      *)
        case \${COMP_WORDS[1]} in
${commands.map(wordsCase).join('\n')}
        esac
        ;;
    esac
  fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -F _qrng qrng
`;
}

/** What follows an option with a value. */
function valueCases({ name, options }: Command): string[] {
  return options.flatMap(({ name: option, value, choices = [], isPath = false }) => {
    if (value === undefined) return [];
    const reply = isPath
      ? 'mapfile -t COMPREPLY < <(compgen -f -- "$current"); return'
      : `words='${choices.join(' ')}'`;
    return [`      '${name} --${option}') ${reply} ;;`];
  });
}

function wordsCase({ name, choices = [], isPath = false, options }: Command): string {
  const words = [...choices, ...options.map((option) => `--${option.name}`), '--help'].join(' ');
  const files = `mapfile -t COMPREPLY < <(compgen -f -W '${words}' -- "$current"); return`;
  return `          ${name}) ${isPath ? files : `words='${words}'`} ;;`;
}
