/** What in a file of environment variables is not as it looks to a reader: lines that systemd ignores, or takes for a part of another. */
import { isAssignment, parseEntries } from './environment-file.js';

/** A line that somebody means to set a setting with. */
const SETTING = /^\s*(?:export\s+)?(QRNG_\w+)\s*=/;

/** "line 3: ..." for each such line, in their order; never a value. */
export function environmentFaults(text: string): readonly string[] {
  const lines = text.replace(/^\ufeff/, '').split(/\r\n|\r|\n/);
  const entries = parseEntries(text);
  const faults = new Map<number, string>();
  for (const entry of entries.filter((one) => !isAssignment(one))) {
    if (!/^\ufeff[#;]/.test(entry.name)) {
      faults.set(entry.line, `is ignored: it is not NAME=VALUE${why(entry.name)}`);
    }
  }
  const set = new Map<string, number>();
  for (const { name, line } of entries.filter(isAssignment)) {
    const before = set.get(name);
    if (before !== undefined) faults.set(before, `has no effect: line ${line} sets ${name} again`);
    set.set(name, line);
  }
  const begun = new Set(entries.map(({ line }) => line));
  for (const [index, line] of lines.entries()) {
    const name = SETTING.exec(line)?.[1];
    const number = index + 1;
    if (name !== undefined && !begun.has(number)) {
      faults.set(
        number,
        `does not set ${name}: it is a part of what is above, which ends in a backslash or has an open quote`,
      );
    } else if (/^[^'"#;]*=[^'"]*\s#/.test(line) && begun.has(number)) {
      faults.set(number, 'has no comment: what follows # is a part of the value');
    }
  }
  return [...faults].sort(([a], [b]) => a - b).map(([line, fault]) => `line ${line} ${fault}`);
}

function why(name: string): string {
  if (/^export\s/.test(name)) return ', and systemd knows no `export`';
  return name.startsWith('\ufeff') ? '; the file begins with a byte order mark' : '';
}
