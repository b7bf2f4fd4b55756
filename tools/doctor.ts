/**
 * `npm run doctor -- gateway /etc/qrng-dd/gateway.env` (or `collector`): the deployment checklist of the security
 * analysis on a configuration. Without a file the environment of this process is looked at.
 *
 * Exit code 0: nothing failed (warnings are for the operator to judge). 1: something failed. 64: it was called wrongly.
 * 66: ENV-FILE cannot be read.
 */
import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { errorCode } from '#libs/files';
import { examine } from './doctor/examine.js';
import { report } from './doctor/finding.js';
import { thisHost } from './doctor/host.js';

const [app, file] = process.argv.slice(2);
if (app !== 'collector' && app !== 'gateway') {
  console.error('usage: npm run doctor -- collector|gateway [ENV-FILE]');
  process.exit(64);
}
const env = file === undefined ? process.env : readEnv(file);
// The unit and the images set it; in the file it may be missing.
const settings = { QRNG_STATE_DIR: `/var/lib/qrng-${app}`, ...env };
const findings = await examine(app, settings, file === undefined ? [] : [file], thisHost(app), Date.now());
const { text, exitCode } = report(findings);
console.log(text);
process.exit(exitCode);

function readEnv(path: string): NodeJS.ProcessEnv {
  try {
    return parseEnv(readFileSync(path, 'utf8'));
  } catch (error) {
    console.error(`${path} cannot be read (${errorCode(error)})`);
    process.exit(66);
  }
}
