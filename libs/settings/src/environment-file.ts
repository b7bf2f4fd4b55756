/**
 * Reads a file of environment variables the way systemd reads `EnvironmentFile=` (parse_env_file in its env-file.c), so
 * that a tool sees what the service sees:
 *
 *   NAME=value       # a comment only at the start of a line, also after ';'
 *   NAME='$ and \ mean nothing'  NAME="\" \\ \` \$ are escaped"  NAME=a\
 *   continued
 *
 * A comment that ends in a backslash goes on in the next line, as in systemd before 254 (Debian 12).
 */
import { readFault, readSettingFile } from '#libs/files';

type State = 'before-name' | 'name' | 'before-value' | 'plain' | 'single' | 'double' | 'comment';

/** The file cannot be read. */
export class EnvironmentFileError extends Error {
  constructor(
    path: string,
    readonly code: string,
  ) {
    super(`${path} cannot be read (${code})`);
    this.name = 'EnvironmentFileError';
  }
}

/** @throws {EnvironmentFileError} when the file cannot be read. */
export function readEnvironmentFile(path: string): Record<string, string> {
  try {
    return parseEnvironmentFile(readSettingFile(path).toString());
  } catch (error) {
    throw new EnvironmentFileError(path, readFault(error));
  }
}

/** The variables of the text; of several lines with one name the last one counts. */
export function parseEnvironmentFile(text: string): Record<string, string> {
  const parser = new Parser();
  for (const character of text) parser.take(character);
  return parser.end();
}

class Parser {
  readonly #variables: Record<string, string> = {};
  #state: State = 'before-name';
  #escaped = false;
  #name = '';
  #value = '';
  /** The length of the value without the whitespace at its end that stood outside quotes. */
  #kept = 0;

  take(character: string): void {
    if (this.#escaped) this.#takeEscaped(character);
    else if (character === '\\' && ESCAPING.has(this.#state)) this.#escape();
    else this.#takePlain(character);
  }

  end(): Record<string, string> {
    if (VALUE.has(this.#state)) this.#keep();
    return this.#variables;
  }

  #escape(): void {
    this.#escaped = true;
    if (this.#state === 'before-value') this.#state = 'plain';
  }

  #takeEscaped(character: string): void {
    this.#escaped = false;
    if (this.#state === 'comment' || isNewline(character)) return; // the line goes on
    if (this.#state === 'double' && !'"\\`$'.includes(character)) this.#append('\\');
    this.#append(character);
  }

  #takePlain(character: string): void {
    switch (this.#state) {
      case 'comment':
        if (isNewline(character)) this.#state = 'before-name';
        break;
      case 'before-name':
        this.#beginName(character);
        break;
      case 'name':
        this.#takeInName(character);
        break;
      case 'single':
        if (character === "'") this.#state = 'before-value';
        else this.#append(character);
        break;
      case 'double':
        if (character === '"') this.#state = 'before-value';
        else this.#append(character);
        break;
      case 'before-value':
        this.#takeBeforeValue(character);
        break;
      case 'plain':
        this.#takeInValue(character);
    }
  }

  #beginName(character: string): void {
    if (isSpace(character)) return;
    this.#state = '#;'.includes(character) ? 'comment' : 'name';
    this.#name = character;
  }

  #takeInName(character: string): void {
    if (isNewline(character)) this.#state = 'before-name';
    else if (character === '=') this.#beginValue();
    else this.#name += character;
  }

  #takeBeforeValue(character: string): void {
    if (isNewline(character)) this.#keep();
    else if (character === "'") this.#state = 'single';
    else if (character === '"') this.#state = 'double';
    else if (!isSpace(character)) {
      this.#state = 'plain';
      this.#append(character);
    }
  }

  #takeInValue(character: string): void {
    if (isNewline(character)) {
      this.#keep();
      return;
    }
    this.#value += character;
    if (!isSpace(character)) this.#kept = this.#value.length;
  }

  #beginValue(): void {
    this.#state = 'before-value';
    this.#value = '';
    this.#kept = 0;
  }

  #append(character: string): void {
    this.#value += character;
    this.#kept = this.#value.length;
  }

  #keep(): void {
    const name = this.#name.trimEnd();
    if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) this.#variables[name] = this.#value.slice(0, this.#kept);
    this.#state = 'before-name';
  }
}

const ESCAPING: ReadonlySet<State> = new Set(['comment', 'before-value', 'plain', 'double']);
const VALUE: ReadonlySet<State> = new Set(['before-value', 'plain', 'single', 'double']);

function isNewline(character: string): boolean {
  return character === '\n' || character === '\r';
}

function isSpace(character: string): boolean {
  return ' \t\n\r'.includes(character);
}
