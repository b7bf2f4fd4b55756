/** Ends what is open under an API key once the key is disabled, expired or revoked, or loses a scope: within a second, as the contract says. */
import { Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { Clock } from '../clock.js';
import type { Client } from '../clients/client.js';
import { ApiKeys } from './api-keys.js';

/** FileWatcher takes up to half a second to notice a changed file. */
const LOOK_EVERY_MS = 250;

@Injectable()
export class KeyWatch implements OnApplicationShutdown {
  readonly #open = new Map<() => void, Client>();
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly keys: ApiKeys,
    private readonly clock: Clock,
  ) {}

  /**
   * Calls `end` once, when the key of `client` is not valid any more, or not for all that it was.
   *
   * @returns a function that ends the watching.
   */
  watch(client: Client, end: () => void): () => void {
    this.#open.set(end, client);
    this.#timer ??= setInterval(() => this.#look(), LOOK_EVERY_MS).unref();
    return () => this.#forget(end);
  }

  onApplicationShutdown(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const now = this.clock.now();
    for (const [end, client] of this.#open) {
      if (this.keys.isValid(client, now)) continue;
      this.#forget(end);
      end();
    }
  }

  #forget(end: () => void): void {
    this.#open.delete(end);
    if (this.#open.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
