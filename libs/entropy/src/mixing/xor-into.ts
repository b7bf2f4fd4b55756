/** Adds bytes bit by bit, four at a time where they lie so. */

/** `sum` ^= `input`, equally long. */
export function xorInto(sum: Uint8Array, input: Uint8Array): void {
  if (sum.byteOffset % 4 !== 0 || input.byteOffset % 4 !== 0) {
    xorBytes(sum, input, 0);
    return;
  }
  const words = sum.length >>> 2;
  const into = new Int32Array(sum.buffer, sum.byteOffset, words);
  const from = new Int32Array(input.buffer, input.byteOffset, words);
  for (let i = 0; i < words; i++) into[i] = (into[i] ?? 0) ^ (from[i] ?? 0);
  xorBytes(sum, input, words * 4);
}

function xorBytes(sum: Uint8Array, input: Uint8Array, start: number): void {
  for (let i = start; i < sum.length; i++) sum[i] = (sum[i] ?? 0) ^ (input[i] ?? 0);
}
