/** Where one certain byte value is in a block: places that depend on what the bytes are, not on how they were cut. */

/** Any value would do. */
export const ANCHOR = 0xa7;

/** The places, of one block at a time; about 32 of 8192. */
export class Anchors {
  readonly at: Int32Array;
  length = 0;

  /** @param most bytes of a block. */
  constructor(
    most: number,
    private readonly value = ANCHOR,
  ) {
    this.at = new Int32Array(most);
  }

  /** Notes the places of `block`. */
  find(block: Uint8Array): void {
    let length = 0;
    for (let at = block.indexOf(this.value); at >= 0; at = block.indexOf(this.value, at + 1)) {
      this.at[length++] = at;
    }
    this.length = length;
  }
}
