/**
 * `npm run audit:verify -- [DIRECTORY] [--anchor HASH]...`: checks the audit trail in DIRECTORY, or where QRNG_AUDIT_DIR or
 * QRNG_STATE_DIR say. Exit code 0: it is as it was written; 1: it is not; 64: it was called wrongly; 66: there is none.
 */
import { join } from 'node:path';
import { verifyTrail } from '../apps/gateway/src/audit/verify-trail.js';
import { parsedArguments } from './parsed-arguments.js';

const USAGE = 'Usage: npm run audit:verify -- DIRECTORY [--anchor HASH] (or set QRNG_AUDIT_DIR)';

const { values, positionals } = parsedArguments(
  { allowPositionals: true, options: { anchor: { type: 'string', multiple: true, default: [] } } },
  USAGE,
);
const directory = positionals[0] ?? fromEnvironment();
if (directory === undefined) {
  console.error(USAGE);
  process.exit(64);
}

try {
  const { files, lines, last, problems, notes } = await verifyTrail(directory, values.anchor);
  for (const note of notes) console.log(`note: ${note}`);
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) {
    console.error(
      `NOT as it was written: ${problems.length} problems in ${lines} lines of ${files} files in ${directory}`,
    );
    process.exitCode = 1;
  } else {
    console.log(
      `${lines} lines in ${files} files in ${directory} are as they were written; the last one is ${last}`,
    );
  }
} catch (error) {
  console.error(
    `cannot read the audit trail in ${directory}: ${error instanceof Error ? error.message : 'unknown error'}`,
  );
  process.exitCode = 66;
}

function fromEnvironment(): string | undefined {
  const { QRNG_AUDIT_DIR: audit, QRNG_STATE_DIR: state } = process.env;
  return audit ?? (state === undefined ? undefined : join(state, 'audit'));
}
