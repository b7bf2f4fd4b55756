/** Runs one command line of `qrng`. */
import { readFileSync } from 'node:fs';
import { QrngClient } from '../client.js';
import type { DrawOptions } from '../client.js';
import { QrngError } from '../qrng-error.js';
import type { Environment } from '../settings.js';
import type { Command, Invocation, Values } from './command.js';
import { COMMANDS } from './commands.js';
import { helpOf, overview } from './help.js';
import type { Output } from './output.js';
import { parse } from './parse.js';
import { UsageError } from './usage-error.js';

/** What a command line runs in. */
export interface Host {
  readonly env: Environment;
  readonly output: Output;
  readonly log: (line: string) => void;
  /** Calls back at SIGINT and SIGTERM, which then no longer kill. */
  readonly onStop: (stop: () => void) => void;
}

/**
 * @param args what follows `qrng`.
 * @throws what exitCodeOf() knows.
 */
export async function run([name, ...args]: readonly string[], host: Host): Promise<void> {
  const { output } = host;
  if (name === undefined) throw new UsageError('name a command');
  if (['--help', '-h', 'help'].includes(name)) return output.write(overview());
  if (name === '--version') return output.write(`${version()}\n`);
  const command = COMMANDS.find((one) => one.name === name);
  if (command === undefined) throw new UsageError(`there is no command "${name}"`);
  if (args.includes('--help') || args.includes('-h')) return output.write(helpOf(command));
  await runCommand(command, args, host);
}

async function runCommand(command: Command, args: readonly string[], host: Host): Promise<void> {
  const { output, log, env } = host;
  const { values, argument } = parse(command, args);
  const stopping = new AbortController();
  if (command.untilStopped === true) host.onStop(() => stopping.abort());
  const clients: QrngClient[] = [];
  const client: Invocation['client'] = (options) => {
    const made = QrngClient.fromEnvironment(env, { ...waiting(values, log), ...options });
    clients.push(made);
    return made;
  };
  try {
    await command.run({ argument, values, output, log, client, env, signal: stopping.signal });
  } finally {
    for (const one of clients) one.close();
  }
}

function waiting(values: Values, log: Host['log']): DrawOptions {
  return {
    wait: values['wait'] === true,
    onWait: (error, ms) => log(`${error.message}; waiting ${Math.ceil(ms / 1000)} s`),
  };
}

/** What stderr says of an error. */
export function explanation(error: unknown, [name]: readonly string[]): string {
  if (error instanceof UsageError) {
    const isCommand = COMMANDS.some((command) => command.name === name);
    return `${error.message}; see ${isCommand ? `qrng ${name}` : 'qrng'} --help`;
  }
  if (!(error instanceof QrngError)) return error instanceof Error ? error.message : String(error);
  const seconds =
    error.retryAfterMs === undefined ? '' : `; again in ${Math.ceil(error.retryAfterMs / 1000)} s`;
  const request = error.requestId === undefined ? '' : ` (request ${error.requestId})`;
  return `${error.message}${seconds}${request}`;
}

function version(): string {
  const text = readFileSync(new URL('../../../../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
