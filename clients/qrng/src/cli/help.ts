/** The help of `qrng` and of each of its commands. */
import type { Command, Option } from './command.js';
import { COMMANDS } from './commands.js';
import { EXIT_CODES } from './exit-code.js';

const HELP: Option = { name: 'help', help: 'show this' };

export function overview(): string {
  return `Usage: qrng COMMAND [OPTIONS]

Random bytes, numbers and passwords from a QRNG-DD gateway.

Commands:
${table(COMMANDS.map(({ name, argument = '', summary }) => [`${name} ${argument}`, summary]))}

  qrng COMMAND --help    the options of a command
  qrng --version         the version

Environment:
${table([
  ['QRNG_URL', 'address of the gateway, such as https://qrng.example.com:7764'],
  ['QRNG_API_KEY', 'API key, or QRNG_API_KEY_FILE for a file with it'],
  ['QRNG_CA_FILE', "CA certificates (PEM) to trust instead of the system's"],
])}

Exit codes:
${table(Object.entries(EXIT_CODES))}

There is no fallback: without the gateway's entropy qrng fails.
`;
}

export function helpOf({ name, argument = '', summary, options }: Command): string {
  const rows = [...options, HELP].map(
    ({ name: option, value = '', help }) => [`--${option} ${value}`, help] as const,
  );
  return `Usage: ${['qrng', name, argument, '[OPTIONS]'].filter((word) => word !== '').join(' ')}

${summary[0]?.toUpperCase() ?? ''}${summary.slice(1)}.

Options:
${table(rows)}
`;
}

function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join('\n');
}
