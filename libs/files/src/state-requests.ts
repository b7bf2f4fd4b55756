/**
 * How an operator on this machine speaks to a running app without another door in it: two files in its state directory, which
 * nobody but its owner and root can write to.
 *
 *   NAME.request   lines of text, read and removed    <- a command such as npm run replay, unblock, sources
 *   NAME.answer    lines of text                      -> the command prints and removes it
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from './error-code.js';
import { replaceFile } from './replace-file.js';

const LOOK_EVERY_MS = 500;
const MAX_REQUEST_BYTES = 16_384;

/** @returns what became of it, in lines for the operator. */
export type RequestHandler = (lines: readonly string[]) => readonly string[] | Promise<readonly string[]>;

export class StateRequests {
  readonly #handlers = new Map<string, RequestHandler>();
  readonly #timer: NodeJS.Timeout;
  #handling = Promise.resolve();
  #failed = false;

  /** @param onFault hears the code of an error, of a disk that is full or read-only: once, and stops nothing else. */
  constructor(
    private readonly directory: string,
    private readonly onFault: (reason: string) => void,
  ) {
    this.#timer = setInterval(() => {
      this.#handling = this.#handling.then(() => this.#look());
    }, LOOK_EVERY_MS).unref();
  }

  /** Has requests of this name handled. One that an earlier run left behind is not for this one. */
  handle(name: string, handler: RequestHandler): void {
    rmSync(this.#path(name, 'request'), { force: true });
    this.#handlers.set(name, handler);
  }

  close(): Promise<void> {
    clearInterval(this.#timer);
    return this.#handling;
  }

  async #look(): Promise<void> {
    try {
      for (const [name, handler] of this.#handlers) await this.#answer(name, handler);
      this.#failed = false;
    } catch (error) {
      if (!this.#failed) this.onFault(errorCode(error));
      this.#failed = true;
    }
  }

  async #answer(name: string, handler: RequestHandler): Promise<void> {
    const path = this.#path(name, 'request');
    if (!existsSync(path)) return;
    const text = readFileSync(path, 'utf8').slice(0, MAX_REQUEST_BYTES);
    rmSync(path); // first: what cannot be removed would be handled again and again
    const lines = await handler(text.split('\n').filter((line) => line !== ''));
    replaceFile(this.#path(name, 'answer'), lines.map((line) => `${line}\n`).join(''), { sync: false });
  }

  #path(name: string, kind: 'request' | 'answer'): string {
    return join(this.directory, `${name}.${kind}`);
  }
}
