/** Text from elsewhere, made safe for a terminal. */

/** Longer text is cut. */
const MOST = 500;

/** `text` without control and bidirectional formatting characters, cut to 500 characters. */
export function printable(text: string): string {
  const cut = text.length > MOST ? `${text.slice(0, MOST)}...` : text;
  return cut.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '\uFFFD');
}
