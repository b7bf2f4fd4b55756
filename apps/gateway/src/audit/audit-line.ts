/**
 * A line of the audit trail, and the hash that chains it to the next.
 *
 *   {"time":"2026-11-23T10:00:00.000Z","event":"replay",...,"previous":"<SHA-256 of the line before>"}\n
 *
 * The hash is over the bytes of the line without its newline; the first line of all has 64 zeros.
 */
import { hash } from 'node:crypto';
import type { AuditEntry } from './audit-event.js';

/** What the first line of a trail follows. */
export const BEGINNING = '0'.repeat(64);

/** A name or reason is cut to this many characters. */
const MAX_TEXT = 256;
/** Control, format (among them bidirectional and zero-width) and separator characters, and halves of surrogate pairs. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** The line of `entry`, without newline, that follows the line with the hash `previous`. */
export function auditLine(entry: AuditEntry, previous: string): string {
  const { at, event, source, client, collector, boot, sequence, reason, count } = entry;
  return JSON.stringify({
    time: new Date(at).toISOString(),
    event,
    source: clean(source),
    client: clean(client),
    collector: clean(collector),
    // As text: 64 bits are more than a JSON number holds.
    boot: boot?.toString(),
    sequence: sequence?.toString(),
    reason: clean(reason),
    count,
    previous,
  });
}

/** SHA-256 of a line without its newline, as hex. */
export function lineHash(line: string | Uint8Array): string {
  return hash('sha256', line);
}

/** What a line says it follows; undefined when it is no line of an audit trail. */
export function previousOf(line: string): string | undefined {
  return /"previous":"([0-9a-f]{64})"\}$/.exec(line)?.[1];
}

function clean(text: string | undefined): string | undefined {
  return text
    ?.slice(0, 4 * MAX_TEXT)
    .replace(UNPRINTABLE, '')
    .slice(0, MAX_TEXT);
}
