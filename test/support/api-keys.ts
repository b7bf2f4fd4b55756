/** API key files for tests. */
import { hash, randomBytes } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from './gateway.js';

/** What an entry says beside name and digest. */
type Fields = Record<string, unknown>;

/** A key file with one key for each name. */
export class TestKeys {
  readonly path = join(temporaryFolder(), 'api-keys.json');
  readonly #keys = new Map<string, string>();

  constructor(entries: Record<string, Fields>) {
    this.write(entries);
  }

  /** Replaces the file as an operator should: in one step. Names that were there keep their key. */
  write(entries: Record<string, Fields>): void {
    const list = Object.entries(entries).map(([name, fields]) => ({
      name,
      sha256: hash('sha256', this.key(name)),
      ...fields,
    }));
    this.writeText(JSON.stringify(list));
  }

  writeText(text: string): void {
    writeFileSync(`${this.path}.next`, text);
    renameSync(`${this.path}.next`, this.path);
  }

  key(name: string): string {
    const known = this.#keys.get(name) ?? `qrng_${randomBytes(32).toString('base64url')}`;
    this.#keys.set(name, known);
    return known;
  }

  /** The header of a request with this key. */
  bearer(name: string): { authorization: string } {
    return { authorization: `Bearer ${this.key(name)}` };
  }
}
