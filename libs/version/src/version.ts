/** The version of the package that this code is in. */
import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';

/** As package.json says, such as 1.2.3. */
export const VERSION = readVersion();

function readVersion(): string {
  const { version } = JSON.parse(readFileSync(findPackageJSON('.', import.meta.url) ?? '', 'utf8')) as {
    version: string;
  };
  return version;
}
