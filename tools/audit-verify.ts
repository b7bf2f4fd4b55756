/**
 * `npm run audit:verify -- [DIRECTORY] [--anchor HASH]...`: checks the audit trail in DIRECTORY, or where QRNG_AUDIT_DIR or
 * QRNG_STATE_DIR say.
 */
import { join } from 'node:path';
import { commandLine, misused } from '#libs/command-line';
import { errorCode } from '#libs/files';
import { verifyTrail } from '../apps/gateway/src/audit/verify-trail.js';

const USAGE = `Usage: npm run audit:verify -- [DIRECTORY] [--anchor HASH]... [--json]

Finds every line of the audit trail that was changed, taken out, moved or put in. DIRECTORY is QRNG_AUDIT_DIR, or audit in
QRNG_STATE_DIR, where it is not given.

  --anchor HASH   a hash of a line that was kept elsewhere (log event audit-head): it must be in the trail
  --json          one JSON object: directory, files, lines, last, problems, notes
  --help, --version

Exit code 0: as it was written. 1: not. 64: called wrongly. 66: there is no trail.`;
const EX_NOINPUT = 66;

const { values, positionals } = commandLine(USAGE, {
  allowPositionals: true,
  options: {
    anchor: { type: 'string', multiple: true, default: [] },
    json: { type: 'boolean', default: false },
  },
});
const directory = positionals[0] ?? fromEnvironment();
if (directory === undefined) misused('Name the directory, or set QRNG_AUDIT_DIR.', USAGE);

try {
  const verified = await verifyTrail(directory, values.anchor);
  if (verified.problems.length > 0) process.exitCode = 1;
  if (values.json) console.log(JSON.stringify({ directory, ...verified }, undefined, 2));
  else print(directory, verified);
} catch (error) {
  console.error(`The audit trail in ${directory} cannot be read (${errorCode(error)}).`);
  process.exitCode = EX_NOINPUT;
}

function print(directory: string, verified: Awaited<ReturnType<typeof verifyTrail>>): void {
  const { files, lines, last, problems, notes } = verified;
  for (const note of notes) console.log(`note: ${note}`);
  for (const problem of problems) console.error(problem);
  const where = `${lines} lines in ${files} files in ${directory}`;
  if (problems.length === 0) console.log(`${where} are as they were written; the last one is ${last}`);
  else console.error(`NOT as it was written: ${problems.length} problems in ${where}`);
}

function fromEnvironment(): string | undefined {
  const { QRNG_AUDIT_DIR: audit, QRNG_STATE_DIR: state } = process.env;
  return audit ?? (state === undefined ? undefined : join(state, 'audit'));
}
