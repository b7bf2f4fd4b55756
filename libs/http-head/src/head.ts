/** Reads the head of an HTTP/1 answer, strictly: what a lenient reader would guess about is no HTTP here (RFC 9112). */

/** Clients do the same: a connection that is about to be closed is not used again. */
const KEEP_ALIVE_MARGIN_MS = 1000;

/** Tabs, printable ASCII and what is not ASCII: no line feed, carriage return or NUL alone. */
const FIRST_LINE = /^HTTP\/1\.([01]) (\d{3})(?: [\t\x20-\x7e\x80-\xff]*)?$/;
const FIELD = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):([\t\x20-\x7e\x80-\xff]*)$/;
const BLANKS = ' \t';

export interface Head {
  /** Of HTTP/1. */
  readonly minor: 0 | 1;
  readonly status: number;
  /** By name in lower case; the values of one that comes twice are joined by `, `, so that none of them is taken for the only one. */
  readonly headers: ReadonlyMap<string, string>;
}

/** The head, without the empty line at its end, as latin1; undefined when it is none: folded headers, spaces before a colon, LF alone. */
export function parseHead(text: string): Head | undefined {
  const [first = '', ...lines] = text.split('\r\n');
  const [, minor, status] = FIRST_LINE.exec(first) ?? [];
  if (status === undefined) return undefined;
  const headers = new Map<string, string>();
  for (const line of lines) {
    const [, name, text] = FIELD.exec(line) ?? [];
    if (name === undefined || text === undefined) return undefined;
    const key = name.toLowerCase();
    const value = withoutBlanks(text);
    const before = headers.get(key);
    headers.set(key, before === undefined ? value : `${before}, ${value}`);
  }
  return { minor: minor === '0' ? 0 : 1, status: Number(status), headers };
}

/** Counted, not matched: an expression with blanks on both sides tries each split of 8 KiB of them, for minutes. */
function withoutBlanks(text: string): string {
  let [from, to] = [0, text.length];
  while (from < to && BLANKS.includes(text.charAt(from))) from++;
  while (to > from && BLANKS.includes(text.charAt(to - 1))) to--;
  return text.slice(from, to);
}

/** For how long the connection may be used again after this answer, ms; 0: not at all; Infinity: until it ends. */
export function keepAliveMs({ minor, headers }: Head): number {
  if (minor === 0 || /\bclose\b/i.test(headers.get('connection') ?? '')) return 0;
  const seconds = /\btimeout=(\d{1,6})\b/i.exec(headers.get('keep-alive') ?? '')?.[1];
  return seconds === undefined ? Infinity : Math.max(0, Number(seconds) * 1000 - KEEP_ALIVE_MARGIN_MS);
}
