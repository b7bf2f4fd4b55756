/** One rule of the protocol left out, or written a little wrong: an edit of one source file. */
export interface Mutation {
  /** The rule, as `--only` names it. */
  readonly name: string;
  readonly file: string;
  /** Stands in the file once. */
  readonly text: string;
  readonly instead: string;
}

/** Mutations of one file: each is its name, a text that stands there once, and what stands there instead. */
export function mutationsOf(
  file: string,
  edits: readonly (readonly [name: string, text: string, instead: string])[],
): Mutation[] {
  return edits.map(([name, text, instead]) => ({ name, file, text, instead }));
}
