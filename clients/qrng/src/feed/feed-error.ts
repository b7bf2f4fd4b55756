/** A place that cannot be fed; the message says which, and why. */
export class FeedError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'FeedError';
  }

  /** With the code of what went wrong. */
  static of(what: string, error: unknown): FeedError {
    const { code, message } = error as NodeJS.ErrnoException;
    return new FeedError(`${what}: ${code ?? message}`);
  }
}
