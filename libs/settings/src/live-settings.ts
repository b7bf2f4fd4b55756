/**
 * Settings that are read again while the process runs, from the file that its environment was read from:
 *
 *   QRNG_SETTINGS_PATH -> the environment as a start would see it -> live ones: taken over, in this environment too
 *                                                           \-> others: wait for a restart
 *
 * What a start would refuse is refused here, too, and then everything stays as it is.
 */
import { EnvironmentFileError, readEnvironmentFile } from './environment-file.js';
import { problemsOf, readSettings, SettingsError, unknownVariables } from './read-settings.js';
import type { Environment, SettingsClass } from './read-settings.js';
import { liveNames, secretNames, variableNames } from './variables.js';

/** What a look at the file found; names of variables. */
export interface Refreshed {
  readonly changed: readonly string[];
  /** Other than in use, and taken over by the next start. */
  readonly waiting: readonly string[];
  /** A line for each variable of the file that is no setting. */
  readonly warnings: readonly string[];
  /** A line for each that does nothing beside the others, once a start has taken over all. */
  readonly withoutEffect: readonly string[];
}

export class LiveSettings<T extends object> {
  /** What is in the environment from elsewhere, such as `Environment=` of a unit. */
  readonly #base: Environment;
  readonly #listeners: (() => void)[] = [];

  /**
   * @param settings as read from `env`; those that are live change in it.
   * @param env follows them, so that it says the same to all that read or inherit it later. Its QRNG_SETTINGS_PATH names a file in
   *   the form of systemd's `EnvironmentFile=`; without it only the files of secrets can change.
   */
  constructor(
    private readonly cls: SettingsClass<T>,
    private readonly settings: Readonly<T>,
    private readonly env: Record<string, string | undefined>,
  ) {
    const inFile = this.#namesInFile();
    this.#base = Object.fromEntries(Object.entries(env).filter(([name]) => !inFile.includes(name)));
  }

  /** Calls `listener` once settings have changed, for what is made of them. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** @throws {SettingsError} when a file cannot be read, or has a problem that the environment did not have. */
  refresh(): Refreshed {
    const next = { ...this.#base, ...this.#readFile() };
    const problems = this.#newProblems(next);
    if (problems.length > 0) throw new SettingsError(problems);
    const differs = (name: string): boolean => (next[name] ?? '') !== (this.env[name] ?? '');
    const secrets = secretNames(this.cls);
    const isElsewhere = (name: string): boolean => secrets.has(name) && differs(`${name}_FILE`);
    const touched = [...variableNames(this.cls)].filter((name) => differs(name) || isElsewhere(name));
    const live = touched.filter((name) => liveNames(this.cls).has(name) && !isElsewhere(name));
    const changed = this.#take(live, next) ? live : [];
    if (changed.length > 0) for (const listener of this.#listeners) listener();
    return {
      changed: [...changed, ...this.#takeSecretFiles()],
      waiting: touched.filter((name) => !changed.includes(name)),
      warnings: unknownVariables(this.cls, next),
      withoutEffect: this.#withoutEffect(next),
    };
  }

  /** None where another file cannot be read now, which its own reload reports. */
  #withoutEffect(next: Environment): readonly string[] {
    try {
      return readSettings(this.cls, next).withoutEffect;
    } catch (error) {
      if (error instanceof SettingsError) return [];
      throw error;
    }
  }

  /** False where the new values are valid only together with others, which wait for a restart. */
  #take(names: readonly string[], next: Environment): boolean {
    const target = { ...this.env, ...Object.fromEntries(names.map((name) => [name, next[name]])) };
    if (this.#newProblems(target).length > 0) return false;
    this.#assign(names, target);
    for (const name of names) {
      if (target[name] === undefined) Reflect.deleteProperty(this.env, name);
      else this.env[name] = target[name];
    }
    return true;
  }

  /** Gives the live secrets whose files say something else now. */
  #takeSecretFiles(): string[] {
    const secrets = [...secretNames(this.cls)].filter((name) => liveNames(this.cls).has(name));
    const values = (names: readonly string[]): string[] =>
      names.map((name) => JSON.stringify(this.settings[name as keyof T]));
    const before = values(secrets);
    const problems = secrets.flatMap((name) => problemsOf(() => this.#assign([name], this.env)));
    if (problems.length > 0) throw new SettingsError(problems);
    return secrets.filter((_, index) => values(secrets)[index] !== before[index]);
  }

  #assign(names: readonly string[], env: Environment): void {
    const { settings } = readSettings(this.cls, env, names as (keyof T)[]);
    for (const name of names) Object.assign(this.settings, { [name]: settings[name as keyof T] });
  }

  /** A key file that cannot be read, for example, is reported by its own reload, and keeps no setting from changing. */
  #newProblems(next: Environment): string[] {
    const before = problemsOf(() => readSettings(this.cls, this.env));
    return problemsOf(() => readSettings(this.cls, next)).filter(
      // A process that Node confines opens no file that its settings did not name when it began; such a change waits for a restart.
      (problem) => !before.includes(problem) && !problem.includes('ERR_ACCESS_DENIED'),
    );
  }

  #readFile(): Record<string, string> {
    const { QRNG_SETTINGS_PATH: file } = this.env;
    if (file === undefined || file === '') return {};
    try {
      return readEnvironmentFile(file);
    } catch (error) {
      if (!(error instanceof EnvironmentFileError)) throw error;
      throw new SettingsError([`QRNG_SETTINGS_PATH must name a readable file (${error.code})`]);
    }
  }

  /** None where the file cannot be read: the first `refresh` says so. */
  #namesInFile(): string[] {
    try {
      return Object.keys(this.#readFile());
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error;
      return [];
    }
  }
}
