/**
 * The two ends of the pipe between the head and one of its workers:
 *
 *   call(name, arguments) -> { id, name, arguments } -> the handler of the other side -> { id, value } -> the result
 *   tell(name, arguments) -> {     name, arguments } -> the handler of the other side
 */
import type { Call, Notice } from './call.js';

/** The other side is gone, or failed to answer. */
export class ChannelError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ChannelError';
  }
}

interface Question {
  readonly kind: 'call';
  readonly id?: number;
  readonly name: string;
  readonly args: unknown;
}

interface Answer {
  readonly kind: 'answer';
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

export class Channel {
  readonly #pending = new Map<number, Pending>();
  readonly #handlers = new Map<string, (args: unknown) => unknown>();
  #last = 0;
  #isClosed = false;

  /**
   * @param post hands a message to the other process, whose `receive` gets a copy of it.
   * @param onDefect is called with what a handler throws.
   */
  constructor(
    private readonly post: (message: unknown) => void,
    private readonly onDefect: (error: unknown) => void,
  ) {}

  /** Asks the other side. @throws {ChannelError} when it is gone, or its handler failed. */
  call<Arguments, Result>({ name }: Call<Arguments, Result>, args: Arguments): Promise<Result> {
    if (this.#isClosed) return Promise.reject(new ChannelError('the other process is gone'));
    const id = (this.#last += 1);
    return new Promise<Result>((resolve, reject) => {
      this.#pending.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.post({ kind: 'call', id, name, args } satisfies Question);
    });
  }

  /** Lets the other side know; nothing comes back, and one that does not listen yet misses it. */
  tell<Arguments>({ name }: Notice<Arguments>, args: Arguments): void {
    if (!this.#isClosed) this.post({ kind: 'call', name, args } satisfies Question);
  }

  answer<Arguments, Result>(
    { name }: Call<Arguments, Result>,
    handler: (args: Arguments) => Result | Promise<Result>,
  ): void {
    this.#handlers.set(name, handler as (args: unknown) => unknown);
  }

  hear<Arguments>({ name }: Notice<Arguments>, handler: (args: Arguments) => void | Promise<void>): void {
    this.#handlers.set(name, handler as (args: unknown) => unknown);
  }

  /** Takes what the other side posted. */
  receive(message: unknown): void {
    if (this.#isClosed) return; // what came too late is as if it had never been said
    const taken = message as Question | Answer;
    if (taken.kind === 'call') void this.#handle(taken);
    else this.#settle(taken);
  }

  /** Ends all that waits: the other process is gone. */
  close(): void {
    this.#isClosed = true;
    for (const { reject } of this.#pending.values()) reject(new ChannelError('the other process is gone'));
    this.#pending.clear();
  }

  async #handle({ id, name, args }: Question): Promise<void> {
    try {
      const handler = this.#handlers.get(name);
      if (handler === undefined && id === undefined) return;
      if (handler === undefined) throw new Error(`nothing answers ${name}`);
      const value = await handler(args);
      if (id !== undefined && !this.#isClosed) this.post({ kind: 'answer', id, value } satisfies Answer);
    } catch (error) {
      this.onDefect(error);
      if (id === undefined || this.#isClosed) return;
      this.post({ kind: 'answer', id, error: String(error) } satisfies Answer);
    }
  }

  #settle({ id, value, error }: Answer): void {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (error === undefined) pending?.resolve(value);
    else pending?.reject(new ChannelError(error));
  }
}
