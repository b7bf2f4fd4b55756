/** Which clients asked for entropy last, and which one waits, so that a stream knows what to leave. */
import { Injectable } from '@nestjs/common';
import { Clock } from '../../clock.js';

@Injectable()
export class RecentClients {
  // The one who asked last, and the last one before that was somebody else: enough to answer for every client.
  #latest = { client: '', at: -Infinity };
  #before = { client: '', at: -Infinity };
  /** Who is first of those that wait for a single answer, and for how much; nothing while nobody does. */
  awaited: () => { readonly client: string; readonly bytes: number } | undefined = () => undefined;

  constructor(private readonly clock: Clock) {}

  note(client: string): void {
    if (client !== this.#latest.client) this.#before = { ...this.#latest };
    this.#latest = { client, at: this.clock.monotonic() };
  }

  /** Milliseconds since any client but `client` asked; infinite when none ever did. */
  othersIdleMs(client: string): number {
    const other = this.#latest.client === client ? this.#before : this.#latest;
    return this.clock.monotonic() - other.at;
  }
}
