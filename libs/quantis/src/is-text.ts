/** Tells pages, hex, base64 and JSON from raw bytes. */

const LEAST = 64;

/**
 * Whether all bytes are printable ASCII, tab, CR or LF: what an error page, hex, base64 or a JSON array of numbers
 * is made of. 98 of 256 values are; 64 random bytes all are with probability (98/256)^64 = 2e-27. Shorter bodies are
 * not judged. On random bytes the loop ends after two or three.
 */
export function isText(bytes: Uint8Array): boolean {
  return bytes.length >= LEAST && bytes.every(isTextByte);
}

function isTextByte(byte: number): boolean {
  return (byte >= 0x20 && byte <= 0x7e) || byte === 0x09 || byte === 0x0a || byte === 0x0d;
}
