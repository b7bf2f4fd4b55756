import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { temporaryFolder } from './gateway.js';

/** What Redocly's strictest rules say against an OpenAPI document; rejects on any error or warning. */
export async function lintOpenApi(document: string): Promise<string> {
  const file = join(temporaryFolder(), 'openapi.yaml');
  writeFileSync(file, document);
  const command = 'node_modules/.bin/redocly';
  const { stdout } = await promisify(execFile)(command, ['lint', file, '--extends', 'recommended-strict'], {
    env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' },
  });
  return stdout;
}
