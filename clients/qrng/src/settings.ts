/** Settings of a consumer, from the environment: QRNG_URL, QRNG_API_KEY or QRNG_API_KEY_FILE, QRNG_CA_FILE. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** The environment of a process, such as `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

export interface ConnectionSettings {
  /** Where the gateway is, such as `https://qrng.example.com:7764`. */
  readonly url: URL;
  /** The API key; a function is asked again when the gateway refuses what it gave, so that a key can be rotated. */
  readonly apiKey: string | (() => string);
  /** CA certificates to trust instead of the system's, PEM. */
  readonly ca?: string | undefined;
}

/** The environment does not describe a gateway; `problems` has one line for each variable, never a value. */
export class SettingsError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'SettingsError';
  }
}

/**
 * Reads and checks the variables, and the files that they name.
 *
 * @throws {SettingsError} naming every variable that is missing or wrong.
 */
export function readSettings(env: Environment): ConnectionSettings {
  const problems: string[] = [];
  const attempt = <T>(read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error;
      problems.push(...error.problems);
      return undefined;
    }
  };
  const url = attempt(() => gatewayUrl(env['QRNG_URL'] ?? ''));
  const apiKey = attempt(() => apiKeyOf(env));
  const ca = attempt(() => caOf(env['QRNG_CA_FILE'] ?? ''));
  if (url === undefined || apiKey === undefined || problems.length > 0) throw new SettingsError(problems);
  return { url, apiKey, ca };
}

/**
 * The address of a gateway, or of something below it, without a slash at its end.
 *
 * @throws {SettingsError} unless it is `https:`, or `http:` on loopback: key and entropy never go unencrypted over a network.
 */
export function gatewayUrl(text: string, name = 'QRNG_URL'): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url?.username === '' && url.password === '' && url.search === '' && url.hash === '';
  if (url === undefined || !isPlain || !['https:', 'http:'].includes(url.protocol)) {
    throw new SettingsError([
      `${name} must be the address of the gateway, such as https://qrng.example.com:7764`,
    ]);
  }
  if (url.protocol === 'http:' && !/^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname)) {
    throw new SettingsError([`${name} must begin with https: (http: is for a gateway on this machine)`]);
  }
  url.pathname = url.pathname.replace(/\/+$/, '');
  return url;
}

/** @throws {SettingsError} when there is no key, or one that cannot be in a header. */
function apiKeyOf(env: Environment): string | (() => string) {
  const { QRNG_API_KEY: key = '', QRNG_API_KEY_FILE: file = '' } = env;
  if (key !== '' && file !== '') {
    throw new SettingsError(['QRNG_API_KEY must be given either directly or as QRNG_API_KEY_FILE, not both']);
  }
  if (file === '') {
    return checkedKey(key, 'QRNG_API_KEY must be an API key of the gateway, or QRNG_API_KEY_FILE its file');
  }
  const read = (): string =>
    checkedKey(
      readNamed('QRNG_API_KEY_FILE', file).trim(),
      'QRNG_API_KEY_FILE must name a file with an API key',
    );
  read();
  return read;
}

function checkedKey(key: string, problem: string): string {
  if (!/^[\x21-\x7e]{1,256}$/.test(key)) throw new SettingsError([problem]);
  return key;
}

/** @throws {SettingsError} when the file has no certificate. */
export function caOf(file: string): string | undefined {
  if (file === '') return undefined;
  const text = readNamed('QRNG_CA_FILE', file);
  try {
    new X509Certificate(text);
  } catch {
    throw new SettingsError(['QRNG_CA_FILE must name a file with CA certificates (PEM)']);
  }
  return text;
}

function readNamed(variable: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    throw new SettingsError([`${variable} must name a readable file (${code})`]);
  }
}
