/** One API key: whose it is, and when it is valid. */
import type { Client } from './client.js';

export interface ApiKey {
  readonly client: Client;
  readonly disabled: boolean;
  /** Valid from and until these times, Unix milliseconds; the end is excluded. */
  readonly notBefore: number;
  readonly expires: number;
}

/** Why a key is not valid at `now` (Unix ms), or nothing when it is. */
export function invalidity(key: ApiKey, now: number): 'disabled' | 'not yet valid' | 'expired' | undefined {
  if (key.disabled) return 'disabled';
  if (now < key.notBefore) return 'not yet valid';
  return now >= key.expires ? 'expired' : undefined;
}
