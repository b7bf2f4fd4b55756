/**
 * `npm run conformance -- [URL]`: checks a server of the QRNG Open API v1, this gateway or any vendor's, against each row of
 * the table in docs/qrng-open-api.md.
 */
import { readFileSync } from 'node:fs';
import { Agent } from 'undici';
import { commandLine, misused } from '#libs/command-line';
import { errorCode } from '#libs/files';
import { examine } from './conformance/run.js';
import type { Finding, Verdict } from './conformance/run.js';
import { Server } from './conformance/server.js';
import type { AuthenticationHeader } from './conformance/server.js';

const USAGE = `Usage: npm run conformance -- [URL] [--header bearer|x-api-key] [--ca FILE] [--cert FILE --key FILE] [--strict]

URL ends where /capabilities is appended, usually in /v1; without it QRNG_URL/v1. The token is QRNG_API_KEY, or
QRNG_API_KEY_FILE has it; without one a client certificate must be enough. The CA is --ca or QRNG_CA_FILE.

  --help, --version

Exit code 0: it conforms. 1: it breaks a rule (with --strict also one of our judgement). 64: called wrongly. 69: no answer.`;

const EX_UNAVAILABLE = 69;

const { values, positionals } = commandLine(USAGE, {
  allowPositionals: true,
  options: {
    header: { type: 'string', default: 'bearer' },
    ca: { type: 'string' },
    cert: { type: 'string' },
    key: { type: 'string' },
    strict: { type: 'boolean', default: false },
  },
});
const { QRNG_URL, QRNG_API_KEY, QRNG_API_KEY_FILE, QRNG_CA_FILE } = process.env;
const url = positionals[0] ?? (QRNG_URL === undefined ? undefined : `${QRNG_URL}/v1`);
if (url === undefined || !URL.canParse(url) || positionals.length > 1) misused('Name one URL.', USAGE);
const { header } = values;
if (!isHeader(header)) misused('--header must be bearer or x-api-key.', USAGE);

const token = QRNG_API_KEY ?? (QRNG_API_KEY_FILE === undefined ? undefined : read(QRNG_API_KEY_FILE).trim());
const agent = new Agent({ connect: tlsOptions() });
const server = new Server(url.replace(/\/+$/, ''), token, header, agent);
process.exitCode = await report(server);
await agent.close();

async function report(asked: Server): Promise<number> {
  const findings: Finding[] = [];
  try {
    for await (const finding of examine(asked)) {
      findings.push(finding);
      const { rule, verdict, fault } = finding;
      console.log(`${verdict.padEnd(14)}  ${rule.id.padEnd(3)}  ${rule.text} (${rule.basis})`);
      if (fault !== undefined) console.log(`${' '.repeat(21)}${fault}`);
    }
  } catch (error) {
    console.error(`${url} cannot be asked: ${reason(error)}`);
    return EX_UNAVAILABLE;
  }
  const count = (verdict: Verdict) => findings.filter((finding) => finding.verdict === verdict).length;
  const [broken, different, unknown] = [count('breaks'), count('differs'), count('unknown')];
  console.log(
    `\n${url}: conforms to ${count('conforms')} of ${findings.length} rules, breaks ${broken}, differs from our judgement in ` +
      `${different}; ${count('does not apply')} do not apply, ${unknown} are unknown.`,
  );
  if (broken > 0 || (values.strict && different > 0)) return 1;
  return unknown > 0 ? EX_UNAVAILABLE : 0;
}

function tlsOptions(): Record<string, string | boolean> {
  const { ca = QRNG_CA_FILE, cert, key } = values;
  return {
    rejectUnauthorized: true, // said outright, since NODE_TLS_REJECT_UNAUTHORIZED=0 would change the default
    ...(ca === undefined ? {} : { ca: read(ca) }),
    ...(cert === undefined ? {} : { cert: read(cert) }),
    ...(key === undefined ? {} : { key: read(key) }),
  };
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    return misused(`${file} cannot be read (${errorCode(error)}).`, USAGE);
  }
}

/** That of undici lies beneath. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}

function isHeader(text: string): text is AuthenticationHeader {
  return text === 'bearer' || text === 'x-api-key';
}
