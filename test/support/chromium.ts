/** Debian's Chromium, headless: what the pages are looked at with. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe } from '@jest/globals';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';

/** `npm test` lists what it could not install; only then is a suite skipped, else a missing browser is a failure. */
export function describeWithChromium(name: string, body: () => void): void {
  const missing = (process.env['QRNG_TEST_MISSING'] ?? '').split(',').includes('chromium');
  (missing ? describe.skip : describe)(name, body);
}

/** Starts it; the suite closes it. */
export function launchChromium(): Promise<Browser> {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const path = folders.map((folder) => join(folder, 'chromium')).find((one) => existsSync(one));
  if (path === undefined) throw new Error('install chromium: it is not on the PATH');
  return chromium.launch({ executablePath: path, args: ['--no-sandbox'] });
}
