/** Text of a client that goes into an answer or a log. */

const MAX_LENGTH = 64;

/** At most 64 characters, without control, format (bidirectional) and unassigned ones. */
export function printable(text: string): string {
  return text.slice(0, MAX_LENGTH).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '?');
}
