/**
 * A run of 64 printable bytes: an error page at the end of an answer, hexadecimal, base64, JSON.
 *
 * Not of SP 800-90B. Of 256 values 98 are printable ASCII, tab, CR or LF: a run of 64 begins at a byte with probability
 * (158/256) (98/256)^64 = 2^-89.
 */

const LEAST = 64;

const PRINTABLE = Uint8Array.from({ length: 256 }, (_, byte) =>
  (byte >= 0x20 && byte <= 0x7e) || byte === 0x09 || byte === 0x0a || byte === 0x0d ? 1 : 0,
);

/** Keeps its run from block to block: a run over their border counts. */
export class TextRun {
  #run = 0; // printable bytes at the end of the block before

  /** Whether `bytes`, which continue those before, complete or hold a run. */
  test(bytes: Uint8Array): boolean {
    const start = endOfText(bytes, 0);
    let found = start > 0 && this.#run + start >= LEAST;
    // A run of 64 covers a multiple of 64, whichever way it lies.
    for (let at = LEAST - 1; at < bytes.length && !found; at += LEAST) {
      found = PRINTABLE[bytes[at] ?? 0] === 1 && endOfText(bytes, at) - startOfText(bytes, at) >= LEAST;
    }
    this.#run = start === bytes.length ? this.#run + start : bytes.length - startOfText(bytes, bytes.length);
    return found;
  }
}

/** Behind the last of the printable bytes from `at` on. */
function endOfText(bytes: Uint8Array, at: number): number {
  let end = at;
  while (end < bytes.length && PRINTABLE[bytes[end] ?? 0] === 1) end++;
  return end;
}

/** The first of the printable bytes that end before `end`. */
function startOfText(bytes: Uint8Array, end: number): number {
  let start = end;
  while (start > 0 && PRINTABLE[bytes[start - 1] ?? 0] === 1) start--;
  return start;
}
