/**
 * How an operator on this machine speaks to a running gateway without another door in it: two files in the state directory,
 * which nobody but its owner and root can write to.
 *
 *   NAME.request   lines of text, read and removed    <- a command such as npm run replay, npm run unblock
 *   NAME.answer    lines of text                      -> the command prints and removes it
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { errorCode, replaceFile } from '#libs/files';
import { logEvent } from '../log-events.js';
import { StateDirectory } from './state-directory.js';

const LOOK_EVERY_MS = 500;
const MAX_REQUEST_BYTES = 16_384;

/** @returns what became of it, in lines for the operator. */
export type RequestHandler = (lines: readonly string[]) => readonly string[] | Promise<readonly string[]>;

@Injectable()
export class OperatorRequests implements OnApplicationShutdown {
  readonly #handlers = new Map<string, RequestHandler>();
  readonly #timer: NodeJS.Timeout | undefined;
  #handling = Promise.resolve();
  #failed = false;

  constructor(private readonly directory: StateDirectory) {
    if (!directory.isOwn) return; // the head of this worker handles them
    this.#timer = setInterval(() => {
      this.#handling = this.#handling.then(() => this.look());
    }, LOOK_EVERY_MS);
    this.#timer.unref();
  }

  /** Has requests of this name handled. One that an earlier run left behind is not for this one. */
  handle(name: string, handler: RequestHandler): void {
    if (!this.directory.isOwn) return;
    rmSync(this.#path(name, 'request'), { force: true });
    this.#handlers.set(name, handler);
  }

  onApplicationShutdown(): Promise<void> {
    clearInterval(this.#timer);
    return this.#handling;
  }

  /** One look. A disk that is full or read-only is said once, and stops nothing else. */
  async look(): Promise<void> {
    try {
      for (const [name, handler] of this.#handlers) await this.#answer(name, handler);
      this.#failed = false;
    } catch (error) {
      if (!this.#failed) logEvent('error', 'operator-files-unusable', { reason: errorCode(error) });
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
    return join(this.directory.path, `${name}.${kind}`);
  }
}
