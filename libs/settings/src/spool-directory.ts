/** The directory of a spool, whose URL is `spool:///DIRECTORY`. */

/** The absolute path in `text`; undefined when it is no such URL, or names the root or what no path can have in it. */
export function spoolDirectory(text: string): string | undefined {
  if (!/^spool:\/\/\/[^?#]+$/.test(text)) return undefined;
  const encoded = URL.parse(text)?.pathname ?? '';
  try {
    const path = decodeURIComponent(encoded);
    return /[^/]/.test(path) && !path.includes('\0') ? path : undefined;
  } catch {
    return undefined; // a % that begins no UTF-8
  }
}
