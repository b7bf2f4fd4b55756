/** What a command of `qrng` consists of: parsing, help and shell completion are made from it. */
import type { DrawOptions, QrngClient } from '../client.js';
import type { Draws } from '../draws.js';
import type { Environment } from '../settings.js';
import type { Output } from './output.js';

export interface Option {
  /** Without the dashes. */
  readonly name: string;
  /** What stands for the value in the help; a flag has none. */
  readonly value?: string;
  /** The only values that it takes. */
  readonly choices?: readonly string[];
  /** The value is a path, which a shell can complete. */
  readonly isPath?: boolean;
  readonly help: string;
}

export interface Command {
  readonly name: string;
  /** A phrase for the list of commands. */
  readonly summary: string;
  /** The one argument that is no option, such as `COUNT`; in brackets when it may be left out. */
  readonly argument?: string;
  /** The argument is a path, which a shell can complete. */
  readonly isPath?: boolean;
  /** The only values that the argument takes. */
  readonly choices?: readonly string[];
  readonly options: readonly Option[];
  /** It ends at SIGINT and SIGTERM, by its signal; other commands are simply killed. */
  readonly untilStopped?: true;
  run(invocation: Invocation): Promise<void>;
}

/** The options as they were typed. */
export type Values = Readonly<Record<string, string | true | undefined>>;

export interface Invocation {
  readonly argument: string | undefined;
  readonly values: Values;
  readonly output: Output;
  /** A line for people, on standard error. */
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
  readonly env: Environment;
  /** The gateway of the environment; `options` over what --wait says. @throws {SettingsError} */
  readonly client: (options?: DrawOptions) => QrngClient;
}

export const MIX: Option = {
  name: 'mix',
  help: "mix with this machine's generator (HKDF-SHA256), so that the gateway cannot know the result",
};
export const WAIT: Option = {
  name: 'wait',
  help: 'wait when there is no entropy, as long as the gateway says, instead of failing',
};
export const JSON_FLAG: Option = { name: 'json', help: 'write JSON' };

/** What a command draws from. */
export function drawsOf({ values, client }: Invocation): Draws {
  const gateway = client();
  return values['mix'] === true ? gateway.mixed() : gateway;
}
