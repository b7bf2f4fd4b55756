/** What a run of the benchmarks throws away afterwards: a folder with certificates, keys and state. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthority } from '../tools/certificates/authority.js';

export interface SetupOptions {
  readonly quick: boolean;
  readonly rounds: number;
  readonly longSeconds: number;
}

export class Setup {
  readonly folder = mkdtempSync(join(tmpdir(), 'qrng-bench-'));
  readonly hmacKey = randomBytes(32).toString('hex');
  readonly #keys: string[] = [];

  private constructor(
    /** Quick: one short round that checks every answer and says nothing about time. */
    readonly quick: boolean,
    readonly rounds: number,
    /** How long the row of the long run takes. */
    readonly longSeconds: number,
    /** The certificate of the authority, PEM. */
    readonly ca: string,
  ) {}

  static async create({ quick, rounds, longSeconds }: SetupOptions): Promise<Setup> {
    const authority = await createAuthority('QRNG-DD bench (throw-away)');
    const setup = new Setup(quick, quick ? 0 : rounds, longSeconds, authority.certificatePem);
    const { certificatePem, keyPem } = await authority.issue({
      commonName: 'bench',
      hosts: ['localhost', '127.0.0.1'],
    });
    setup.save('ca.pem', setup.ca);
    setup.save('server.pem', certificatePem);
    setup.save('server.key', keyPem);
    return setup;
  }

  /** How long the rows of the whole way are looked at. */
  get flowSeconds(): number {
    return this.quick ? 1 : 10;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  save(name: string, text: string): string {
    writeFileSync(this.path(name), text, { mode: 0o600 });
    return this.path(name);
  }

  /** The first `count` API keys. */
  keys(count: number): readonly string[] {
    while (this.#keys.length < count) this.#keys.push(randomBytes(32).toString('hex'));
    return this.#keys.slice(0, count);
  }

  /** A file of the first `count` API keys, one a line. */
  keysFile(count: number): string {
    const path = this.path(`keys-${count}`);
    // Written once: another generator may be reading it.
    return existsSync(path) ? path : this.save(`keys-${count}`, `${this.keys(count).join('\n')}\n`);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
