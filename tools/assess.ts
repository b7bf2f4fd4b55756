/**
 * `npm run assess`: captures samples of a source as NIST's tools for SP 800-90B take them, runs these where they are installed, and
 * writes a report.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CommandError, commandLine, misused, runCommand } from '#libs/command-line';
import { errorCode } from '#libs/files';
import { SourceError } from '#libs/quantis';
import { isFingerprint, isSourceUrl } from '#libs/quantis/settings';
import { splitList } from '#libs/settings';
import { capture } from './assess/capture.js';
import { estimate } from './assess/estimate.js';
import { reportOf } from './assess/report.js';

const USAGE = `Usage: npm run assess -- [SOURCE] [--out DIR] [--json]

Captures samples of a source, and has NIST's tools for SP 800-90B estimate them where they are installed
(ea_non_iid and ea_restart, https://github.com/usnistgov/SP800-90B_EntropyAssessment).

  SOURCE              its URL, or its number in QRNG_APPLIANCE_URLS; without it the only one there is
  --out DIR           a new folder for the samples and the report (assessment)
  --samples N         bytes in a row (1000000)
  --restarts N        how often to connect or open again, with N bytes each time (1000)
  --json              prints the report as JSON
  --help, --version

What it trusts an appliance by is read from QRNG_APPLIANCE_CA_FILE and QRNG_APPLIANCE_FINGERPRINT, as by the collector. A device can be
read by one process alone: stop the collector. The captured bytes are on disk then; use them for nothing else.

Exit code 0: done. 64: called wrongly. 69: the source did not give all bytes. 73: the folder cannot be made. 78: a setting is invalid.`;

const EX_UNAVAILABLE = 69;
const EX_CANTCREAT = 73;
const EX_CONFIG = 78;
const MOST = 100_000_000;

const number = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 2 || value > MOST) {
    misused(`Numbers are 2 to ${MOST}, not ${text}.`, USAGE);
  }
  return value;
};

const { values, positionals } = commandLine(USAGE, {
  allowPositionals: true,
  options: {
    out: { type: 'string', default: 'assessment' },
    samples: { type: 'string', default: '1000000' },
    restarts: { type: 'string', default: '1000' },
    json: { type: 'boolean', default: false },
  },
});
if (positionals.length > 1) misused('One source at a time.', USAGE);
const sizes = { samples: number(values.samples), restarts: number(values.restarts) };
await runCommand(assess);

async function assess(): Promise<void> {
  const source = { url: chosenUrl(positionals[0]), ...trust() };
  const folder = madeFolder(values.out);
  const captured = await capture(source, sizes, folder).catch((error: unknown) => {
    if (!(error instanceof SourceError)) throw error;
    throw new CommandError(
      `The source did not give all bytes: ${error.message} (${error.code})`,
      EX_UNAVAILABLE,
    );
  });
  const report = reportOf(captured, await estimate(folder), new Date());
  writeFileSync(join(folder, 'report.json'), `${JSON.stringify(report.data, null, 2)}\n`);
  writeFileSync(join(folder, 'report.md'), report.text);
  console.log(values.json ? JSON.stringify(report.data) : report.text);
}

/** The URL that the argument names, or the only one that is configured. */
function chosenUrl(argument: string | undefined): string {
  const configured = splitList(process.env['QRNG_APPLIANCE_URLS'] ?? '');
  const only = configured.length === 1 ? configured[0] : undefined;
  const url =
    argument === undefined ? only : /^\d+$/.test(argument) ? configured[Number(argument) - 1] : argument;
  if (url === undefined) misused(`Which source? QRNG_APPLIANCE_URLS names ${configured.length}.`, USAGE);
  if (isSourceUrl(url)) return url;
  throw new CommandError('A source is https://HOST/api/2.0/streambytes or file:///dev/NAME.', EX_CONFIG);
}

function trust(): { caFile?: string; fingerprints?: string[] } {
  const { QRNG_APPLIANCE_CA_FILE: caFile = '', QRNG_APPLIANCE_FINGERPRINT: pins = '' } = process.env;
  const fingerprints = splitList(pins);
  if (!fingerprints.every(isFingerprint)) {
    throw new CommandError('QRNG_APPLIANCE_FINGERPRINT must be SHA-256 fingerprints.', EX_CONFIG);
  }
  return {
    ...(caFile === '' ? {} : { caFile }),
    ...(fingerprints.length === 0 ? {} : { fingerprints }),
  };
}

/** A new one, so that no assessment replaces another. */
function madeFolder(name: string): string {
  const path = resolve(name);
  try {
    mkdirSync(path, { mode: 0o700 });
    return path;
  } catch (error) {
    throw new CommandError(
      `${path} cannot be made (${errorCode(error)}); --out names a folder that is not there yet`,
      EX_CANTCREAT,
    );
  }
}
