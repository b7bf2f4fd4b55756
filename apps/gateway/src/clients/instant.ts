/** Points in time as the key file has them: a date, which begins at 00:00 UTC, or a time with its zone (RFC 3339). */

const DATE = /^(\d{4})-(\d{2})-(\d{2})(T\d{2}:\d{2}:\d{2}(\.\d{1,3})?(Z|[+-]\d{2}:\d{2}))?$/;

/** Unix milliseconds, or nothing when the text is of another form or no such day exists. */
export function parseInstant(text: string): number | undefined {
  const match = DATE.exec(text);
  const ms = Date.parse(text);
  if (match === null || Number.isNaN(ms)) return undefined;
  // Date.parse takes 2027-02-30 for March 2.
  const day = new Date(Date.UTC(Number(match[1]), Number(match[2]) - 1, Number(match[3])));
  return day.getUTCDate() === Number(match[3]) ? ms : undefined;
}
