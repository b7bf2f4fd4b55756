/**
 * `npm run doctor -- gateway /etc/qrng-dd/gateway.env` (or `collector`): the deployment checklist of the security
 * analysis on a configuration. Without a file the environment of this process is looked at.
 */
import { CommandError, commandLine, misused, runCommand } from '#libs/command-line';
import {
  EnvironmentFileError,
  environmentFaults,
  parseEnvironmentFile,
  readEnvironmentText,
} from '#libs/settings';
import { examine } from './doctor/examine.js';
import { check, counts, lines, summary } from './doctor/finding.js';
import { thisHost } from './doctor/host.js';

const USAGE = `Usage: npm run doctor -- gateway|collector [ENV-FILE] [--json]

Examines the configuration in ENV-FILE, or in the environment, and this machine by the deployment checklist. Run as root it
sees the firewall as well. ENV-FILE is read as systemd reads it.

  --json   one JSON object: app, findings (level, item, text), counts
  --help, --version

Exit code 0: nothing failed. 1: something did. 64: called wrongly. 66: ENV-FILE cannot be read.`;
const EX_NOINPUT = 66;

const off = { type: 'boolean', default: false } as const;
const { values, positionals } = commandLine(USAGE, { allowPositionals: true, options: { json: off } });
const [app, file] = positionals;
if ((app !== 'collector' && app !== 'gateway') || positionals.length > 2) {
  misused('Name the app: gateway or collector.', USAGE);
}

await runCommand(async () => {
  const text = file === undefined ? undefined : readText(file);
  const env = text === undefined ? process.env : parseEnvironmentFile(text);
  // The unit and the images set it; in the file it may be missing.
  const settings = { QRNG_STATE_DIR: `/var/lib/qrng-${app}`, ...env };
  const files = file === undefined ? [] : [file];
  const findings = [
    ...environmentFaults(text ?? '').map((fault) => check('Settings').warn(`${file}: ${fault}`)),
    ...(await examine(app, settings, files, thisHost(app), Date.now())),
  ];
  console.log(
    values.json
      ? JSON.stringify({ app, findings, counts: counts(findings) }, undefined, 2)
      : `${lines(findings).join('\n')}\n\n${summary(findings)}`,
  );
  process.exitCode = counts(findings).fail > 0 ? 1 : 0;
});

function readText(path: string): string {
  try {
    return readEnvironmentText(path);
  } catch (error) {
    if (!(error instanceof EnvironmentFileError)) throw error;
    throw new CommandError(error.message, EX_NOINPUT);
  }
}
