/**
 * Captures what SP 800-90B asks for (3.1.1, 3.1.4), one byte a sample:
 *
 *   sequential.bin   samples in a row
 *   restarts.bin     a row of samples after each restart, row after row
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createSources } from '#libs/quantis';
import type { EntropySource } from '#libs/quantis';

/** Bytes of one fetch, as the collector's drivers and appliances take them. */
const FETCH_BYTES = 65_536;

export interface Source {
  readonly url: string;
  readonly caFile?: string;
  readonly fingerprints?: readonly string[];
}

export interface Sizes {
  /** Samples in a row. */
  readonly samples: number;
  /** Restarts, and samples after each. */
  readonly restarts: number;
}

export interface Captured extends Sizes {
  /** The name of the source, without its query. */
  readonly source: string;
  /** How often it was fetched from for the samples in a row. */
  readonly fetches: number;
}

/**
 * Fetches from `source` and writes the two files into `folder`.
 *
 * @throws {SourceError} when it does not give all of them.
 */
export async function capture(source: Source, sizes: Sizes, folder: string): Promise<Captured> {
  const name = await withSource(source, (open) => Promise.resolve(open.name));
  const fetches = Math.ceil(sizes.samples / FETCH_BYTES);
  await writing(join(folder, 'sequential.bin'), async (write) => {
    await withSource(source, async (open) => {
      for (let left = sizes.samples; left > 0; left -= FETCH_BYTES) {
        write(await open.fetch(Math.min(left, FETCH_BYTES)));
      }
    });
  });
  await writing(join(folder, 'restarts.bin'), async (write) => {
    for (let i = 0; i < sizes.restarts; i++) {
      write(await withSource(source, (open) => open.fetch(sizes.restarts)));
    }
  });
  return { source: name, ...sizes, fetches };
}

/** Opens or connects again for each call. */
async function withSource<T>(
  { url, ...trust }: Source,
  work: (open: EntropySource) => Promise<T>,
): Promise<T> {
  const [open] = createSources({ urls: [url], ...trust });
  if (open === undefined) throw new RangeError('no source');
  try {
    return await work(open);
  } finally {
    await open.close();
  }
}

async function writing(path: string, work: (write: (bytes: Buffer) => void) => Promise<void>): Promise<void> {
  const file = openSync(path, 'wx', 0o600);
  try {
    await work((bytes) => {
      for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
      bytes.fill(0);
    });
  } finally {
    closeSync(file);
  }
}
