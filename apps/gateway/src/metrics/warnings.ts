/** What is wrong, in words, from whichever room knows it: `GET /api/status` shows it. */
import { Injectable } from '@nestjs/common';

@Injectable()
export class Warnings {
  readonly #sources: (() => readonly string[])[] = [];

  /** Has `source` asked whenever warnings are shown; each is a whole sentence that says what to do. */
  from(source: () => readonly string[]): void {
    this.#sources.push(source);
  }

  all(): string[] {
    return this.#sources.flatMap((source) => source());
  }
}
