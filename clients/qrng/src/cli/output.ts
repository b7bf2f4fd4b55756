/** Standard output, written at the pace of its reader. */

export class OutputError extends Error {
  constructor(readonly code: string) {
    super(`cannot write the output: ${code}`);
    this.name = 'OutputError';
  }
}

export class Output {
  constructor(private readonly stream: NodeJS.WriteStream) {
    stream.on('error', () => undefined); // the writer hears of it
  }

  /** Whether a person looks at it. */
  get isTerminal(): boolean {
    return this.stream.isTTY;
  }

  /**
   * Resolves once it is written.
   *
   * @throws {OutputError} with code EPIPE when nobody reads it any more.
   */
  write(chunk: string | Uint8Array): Promise<void> {
    return new Promise((done, failed) => {
      this.stream.write(chunk, (error) => {
        if (error) failed(new OutputError((error as NodeJS.ErrnoException).code ?? error.message));
        else done();
      });
    });
  }
}
