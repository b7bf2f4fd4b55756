/** The state directory cannot be used; the message says which file and what to do. */
export class StateError extends Error {
  override readonly name = 'StateError';

  /** @param isFull whether nothing but room on the disk is missing, which may be there later. */
  constructor(
    message: string,
    readonly isFull = false,
  ) {
    super(message);
  }
}
