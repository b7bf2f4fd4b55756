/** The API keys that are valid now, known by their SHA-256 digests. */
import { hash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { GatewaySettings } from '../settings.js';
import { splitApiKeyEntry } from './api-key-entry.js';

/** Who a key belongs to. */
export interface Client {
  readonly name: string;
}

@Injectable()
export class ApiKeys {
  // Looked up by digest: what an attacker can vary has no useful relation to what is compared.
  readonly #clients = new Map<string, Client>();

  constructor(settings: GatewaySettings) {
    for (const [index, entry] of (settings.QRNG_API_KEY ?? []).entries()) {
      const { name, key } = splitApiKeyEntry(entry);
      this.#clients.set(hash('sha256', key), { name: name ?? `client-${index + 1}` });
    }
  }

  /** The client whose key this is. */
  find(key: string): Client | undefined {
    return this.#clients.get(hash('sha256', key));
  }
}
