/** Makes the sources that the operator configured. */
import { fileURLToPath } from 'node:url';
import { ApplianceSource } from './appliance-source.js';
import { DeviceSource } from './device-source.js';
import type { EntropySource } from './source.js';
import type { Trust } from './trusted-connector.js';

const DEFAULT_TIMEOUT_MS = 10_000;
const MAX_NAME_LENGTH = 60;

export interface SourceOptions extends Trust {
  /** `https://host/api/2.0/streambytes`, `file:///dev/qrandom0`; `http:` to loopback alone. */
  readonly urls: readonly string[];
  /** How long a source may stand still. */
  readonly timeoutMs?: number | undefined;
}

/**
 * A source for each URL, in their order. Nothing is connected or opened yet.
 *
 * @throws {RangeError} when `isSourceUrl` is false for a URL of an appliance, or a fingerprint is not one.
 */
export function createSources({
  urls,
  timeoutMs = DEFAULT_TIMEOUT_MS,
  ...trust
}: SourceOptions): EntropySource[] {
  const names = urls.map(sourceName);
  return urls.map((url, index) => {
    const taken = names.slice(0, index).filter((name) => name === names[index]).length;
    const name = `${names[index] ?? ''}${taken === 0 ? '' : `#${taken + 1}`}`;
    return new URL(url).protocol === 'file:'
      ? new DeviceSource({ name, path: fileURLToPath(url), timeoutMs })
      : new ApplianceSource({ name, url, timeoutMs, ...trust });
  });
}

/** Host and port, or the path of the device; never the query, which may hold a secret. */
function sourceName(text: string): string {
  const url = new URL(text);
  const name = url.protocol === 'file:' ? fileURLToPath(url) : url.host;
  return name.replace(/[^A-Za-z0-9._:/-]/g, '').slice(-MAX_NAME_LENGTH) || 'source';
}
