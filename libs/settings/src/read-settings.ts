/**
 * Reads one app's settings from the environment, once, and checks all of it.
 *
 * A settings class has one property for each variable, with the variable's own name, so that a setting has a single
 * name in the shell, in the code and in the documentation:
 *
 *   environment -> secrets from NAME_FILE -> class-transformer -> class-validator -> frozen instance
 *
 * Frozen but for live settings, which live-settings.ts alone changes.
 */
import { plainToInstance } from 'class-transformer';
import { Validator } from './class-validator.js';
import { readFault, readSettingText } from '#libs/files';
import { nearest } from './nearest.js';
import { emptyableNames, liveNames, needsOf, secretNames, variableNames } from './variables.js';

/** The environment of a process: variable names and their text. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A settings class: constructed without arguments, its initial values are the defaults. */
export type SettingsClass<T extends object> = new () => T;

/** What reading gave: frozen settings, and lines that the app logs once its logger is up. */
export interface ReadSettings<T> {
  readonly settings: Readonly<T>;
  /** A line for each variable that is no setting. */
  readonly warnings: readonly string[];
  /** A line for each that was given and does nothing beside the others. */
  readonly withoutEffect: readonly string[];
}

/** Exit codes of sysexits.h: EX_CONFIG, after which systemd does not try again, and EX_TEMPFAIL for transient errors. */
const EXIT_CONFIG = 78;
export const EXIT_TEMPORARY = 75;

/** The environment is invalid; `problems` has one line for each variable, never a value. */
export class SettingsError extends Error {
  constructor(
    readonly problems: readonly string[],
    readonly exitCode = EXIT_CONFIG,
  ) {
    super(problems.join('\n'));
    this.name = 'SettingsError';
  }
}

/**
 * Reads and checks the settings of `cls` from `env`.
 *
 * @param only what the caller will use of them; without it all. A problem of another variable is none then, so that one
 *   file that cannot be read does not keep the others from being reloaded.
 * @throws {SettingsError} naming every variable that is missing or wrong.
 */
export function readSettings<T extends object>(
  cls: SettingsClass<T>,
  env: Environment,
  only?: readonly (keyof T)[],
): ReadSettings<T> {
  const [secrets, emptyable] = [secretNames(cls), emptyableNames(cls)];
  const problems: string[] = [];
  const matters = (name: string): boolean => only?.includes(name as keyof T) ?? true;
  const unread = new Set<string>();
  const values: Record<string, string> = {};
  for (const name of variableNames(cls)) {
    const read = secrets.has(name) ? readSecret(name, env, emptyable.has(name)) : { value: env[name] };
    if (read.problem !== undefined) {
      if (matters(name)) problems.push(read.problem);
      unread.add(name);
    }
    if (read.value !== undefined && read.value !== '') values[name] = read.value;
  }
  const settings = plainToInstance(cls, values, { exposeDefaultValues: true });
  for (const error of new Validator().validateSync(settings, { forbidUnknownValues: false })) {
    const [message] = Object.values(error.constraints ?? {});
    const isNew = message !== undefined && !unread.has(error.property) && matters(error.property);
    if (isNew) problems.push(message + whatWasGiven(error.property, env, error.value));
  }
  if (problems.length > 0) throw new SettingsError(problems);
  return {
    settings: frozen(settings, liveNames(cls)),
    warnings: unknownVariables(cls, env),
    withoutEffect: withoutEffect(cls, env, settings),
  };
}

function withoutEffect<T extends object>(cls: SettingsClass<T>, env: Environment, settings: T): string[] {
  // A secret whose file is empty, as that of the previous key is between rotations, is none.
  const givenAs = (name: string): string | undefined =>
    [name, ...(settings[name as keyof T] === undefined ? [] : [`${name}_FILE`])].find(
      (one) => (env[one] ?? '') !== '',
    );
  return [...needsOf(cls)].flatMap(([name, { what, isMet }]) => {
    const given = givenAs(name);
    return given === undefined || isMet(settings, (other) => givenAs(other) !== undefined)
      ? []
      : [`${given} has no effect without ${what}`];
  });
}

function frozen<T extends object>(settings: T, live: ReadonlySet<string>): T {
  for (const name of Object.keys(settings).filter((name) => !live.has(name))) {
    Object.defineProperty(settings, name, { writable: false, configurable: false });
  }
  return Object.preventExtensions(settings);
}

/** The files that hold secrets of `cls` (`NAME_FILE`), to be watched for a rotation. */
export function secretFiles<T extends object>(cls: SettingsClass<T>, env: Environment): string[] {
  return [...secretNames(cls)].flatMap((name) => env[`${name}_FILE`] ?? []);
}

/** The settings, or exit code 78 (EX_CONFIG of sysexits.h) with one line on stderr for each problem. */
export function readSettingsOrExit<T extends object>(
  cls: SettingsClass<T>,
  env: Environment,
): ReadSettings<T> {
  try {
    return readSettings(cls, env);
  } catch (error) {
    if (error instanceof SettingsError) exitConfig(error, unknownVariables(cls, env));
    throw error;
  }
}

/** The problems that `read` finds, whose result is not needed. Other errors are thrown. */
export function problemsOf(read: () => unknown): readonly string[] {
  try {
    read();
    return [];
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
}

/** Ends the process, with one line on stderr for each problem, then for each warning: a name may be misspelt. */
export function exitConfig(error: SettingsError, warnings: readonly string[]): never {
  for (const line of [...error.problems, ...warnings]) process.stderr.write(`${line}\n`);
  process.exit(error.exitCode);
}

function readSecret(
  name: string,
  env: Environment,
  mayBeEmpty: boolean,
): { value?: string | undefined; problem?: string } {
  const file = env[`${name}_FILE`];
  if (file === undefined || file === '') return { value: env[name] };
  if (env[name] !== undefined && env[name] !== '') {
    return { problem: `${name} must be given either directly or as ${name}_FILE, not both` };
  }
  try {
    const value = readSettingText(file).trim();
    return value !== '' || mayBeEmpty
      ? { value }
      : { problem: `${name}_FILE must name a file that is not empty` };
  } catch (error) {
    return { problem: `${name}_FILE must name a readable file (${readFault(error)})` };
  }
}

/** How the line about an invalid variable ends where nobody sees from it what is wrong. */
function whatWasGiven(name: string, env: Environment, value: unknown): string {
  const given = env[name] ?? '';
  if (given === '' && (env[`${name}_FILE`] ?? '') !== '') return `; it was read from ${name}_FILE`;
  if (value === undefined) return `; it is ${env[name] === '' ? 'empty' : 'not set'}`;
  return typeof value !== 'string' || given === given.trim()
    ? ''
    : '; it begins or ends with a blank or a line end';
}

/** A line for each variable of `env` that looks like a setting and is none. */
export function unknownVariables<T extends object>(cls: SettingsClass<T>, env: Environment): string[] {
  const secrets = secretNames(cls);
  const known = [...variableNames(cls)].flatMap((name) =>
    secrets.has(name) ? [name, `${name}_FILE`] : [name],
  );
  return Object.keys(env)
    .filter((name) => name.startsWith('QRNG_') && !known.includes(name))
    .map((name) => `${name} is not a setting of this app; the nearest one is ${nearest(name, known)}`);
}
