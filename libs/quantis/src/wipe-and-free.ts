/**
 * Wipes `buffer` and frees its memory; it is empty then. Memory that it shares with others is wiped alone.
 *
 * Bytes of buffers lie outside V8's heap. V8 frees them when it next collects, and collects everything, again and again,
 * where megabytes of them come in: that took half of the collector's processor time. Not used again instead: a mistake
 * with a freed buffer loses bytes and never shows them twice.
 */
export function wipeAndFree(buffer: Buffer): void {
  if (buffer.length === 0) return; // freed before
  buffer.fill(0);
  const memory = buffer.buffer;
  if (memory instanceof ArrayBuffer && memory.byteLength === buffer.length) memory.transfer(0);
}
