/** The file of CA certificates that appliances are checked against. */
import { Authorities } from '#libs/certificates';
import { readSettingText } from '#libs/files';

/** Read again for each connection; content that no certificate can be checked against does not replace what could. */
export class CaFile {
  #usable: string | undefined;

  constructor(private readonly path: string) {}

  /**
   * @returns PEM.
   * @throws when the file cannot be used and never could since the start.
   */
  read(now: number): string {
    try {
      const pem = readSettingText(this.path);
      if (pem !== this.#usable && new Authorities(this.path, pem, 'without lists').at(now).usable) {
        this.#usable = pem;
      }
    } catch (error) {
      if (this.#usable === undefined) throw error;
    }
    if (this.#usable === undefined) throw new Error('no CA certificate in the file can be used');
    return this.#usable;
  }
}
