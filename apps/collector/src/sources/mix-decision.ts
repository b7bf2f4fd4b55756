/** Decides which sources go into the next mixed block: pure. */

export interface SourceSupply {
  /** Passed its health tests lately and answers. */
  readonly up: boolean;
  /** Bytes that wait to be mixed. */
  readonly available: number;
  /** No room for another chunk: it waits for the others. */
  readonly full: boolean;
}

export interface MixDecision {
  /** Indices of the sources to take from, in their order. */
  readonly inputs: number[];
  /** Bytes to take from each of them; 0: nothing can be mixed now. */
  readonly bytes: number;
}

/**
 * All that are up contribute, as long as they keep pace: once the buffer of one of the others is full, a slow one is left
 * out of the block, if `minimum` sources are still in it. What a source gave before it failed is still used.
 *
 * @param minimum sources that must be in every block.
 * @param unit bytes: a block is a multiple of this.
 * @param room bytes of each source that the output has room for.
 */
export function decideMix(
  sources: readonly SourceSupply[],
  minimum: number,
  unit: number,
  room: number,
): MixDecision {
  const inputs = sources.flatMap((source, index) => (source.available >= unit ? [index] : []));
  const awaited = sources.some((source) => source.up && source.available < unit);
  const pressed = inputs.some((index) => sources[index]?.full === true);
  if (inputs.length < minimum || (awaited && !pressed)) return { inputs, bytes: 0 };
  const most = Math.min(room, ...inputs.map((index) => sources[index]?.available ?? 0));
  return { inputs, bytes: most - (most % unit) };
}
