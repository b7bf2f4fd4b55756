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

/** What stands in the file from line `line` on. */
export interface Entry {
  readonly line: number;
  readonly name: string;
  /** Undefined where no `=` follows. */
  readonly value: string | undefined;
}

/** @throws {EnvironmentFileError} when the file cannot be read. */
export function readEnvironmentFile(path: string): Record<string, string> {
  return parseEnvironmentFile(readEnvironmentText(path));
}

/** Its text. @throws {EnvironmentFileError} when it cannot be read, or systemd would refuse it as a whole. */
export function readEnvironmentText(path: string): string {
  let text: string;
  try {
    text = readSettingFile(path).toString();
  } catch (error) {
    throw new EnvironmentFileError(path, readFault(error));
  }
  // systemd lets comments be of another character set.
  const isUtf8 = parseEntries(text).every(({ name, value = '' }) => !`${name}${value}`.includes('\ufffd'));
  if (text.includes('\0') || !isUtf8) throw new EnvironmentFileError(path, 'not UTF-8: systemd refuses it');
  return text;
}

/** The variables of the text; of several lines with one name the last one counts. */
export function parseEnvironmentFile(text: string): Record<string, string> {
  const valid = parseEntries(text).filter(isAssignment);
  return Object.fromEntries(valid.map(({ name, value }) => [name, value]));
}

/** Whether it sets a variable. systemd ignores the others. */
export function isAssignment(entry: Entry): entry is Entry & { readonly value: string } {
  return entry.value !== undefined && /^[A-Za-z_][A-Za-z0-9_]*$/.test(entry.name);
}

/** Everything in the text but comments, in its order. */
export function parseEntries(text: string): readonly Entry[] {
  const parser = new Parser();
  for (const character of text) parser.take(character);
  return parser.end();
}

class Parser {
  readonly #entries: Entry[] = [];
  /** The line that is read, and the one that the name is in; from 1. */
  #line = 1;
  #begin = 1;
  #before = '';
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
    if (isNewline(character) && !(character === '\n' && this.#before === '\r')) this.#line += 1;
    this.#before = character;
  }

  end(): readonly Entry[] {
    if (VALUE.has(this.#state)) this.#keep();
    if (this.#state === 'name') this.#keepName();
    return this.#entries;
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
    this.#begin = this.#line;
  }

  #takeInName(character: string): void {
    if (isNewline(character)) this.#keepName();
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
    const value = this.#value.slice(0, this.#kept);
    this.#entries.push({ line: this.#begin, name: this.#name.trimEnd(), value });
    this.#state = 'before-name';
  }

  #keepName(): void {
    this.#entries.push({ line: this.#begin, name: this.#name.trimEnd(), value: undefined });
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
