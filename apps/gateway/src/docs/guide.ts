/** The guide to the API, which the OpenAPI document and Swagger UI link to. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ApiError } from '../problem/api-error.js';

/**
 * docs/api.md, from the folder of the project, beside `dist` or the sources.
 *
 * @throws {ApiError} `not-found` where only the program was installed.
 */
export function readGuide(): Buffer {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'package.json')) && folder !== dirname(folder)) folder = dirname(folder);
  const path = join(folder, 'docs', 'api.md');
  if (!existsSync(path)) throw new ApiError('not-found', 'This installation has no docs/api.md.');
  return readFileSync(path);
}
