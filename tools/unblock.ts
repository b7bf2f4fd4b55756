/**
 * `npm run unblock`: the clients and networks that the gateway on this machine blocks, and an end to that before its time.
 */
import { commandLine, misused, runCommand } from '#libs/command-line';
import { ask } from './requests/state-request.js';

const USAGE = `Usage: npm run unblock -- [NAME | ADDRESS ...] [--state DIR]

Without a name it lists who is blocked, and for how long. NAME is that of an API key, ADDRESS one whose network failed to
authenticate too often. Gateways that share a pool block together and are asked one by one.

DIR is the gateway's QRNG_STATE_DIR; without --state that variable, or /var/lib/qrng-gateway.

  --json    one JSON object with the lines of the answer
  --help, --version

Exit code 0: done. 1: the gateway did not take the request, or its state directory cannot be used. 64: called wrongly.`;

const { values, positionals: names } = commandLine(USAGE, {
  allowPositionals: true,
  options: { state: { type: 'string' }, json: { type: 'boolean', default: false } },
});
if (names.some((name) => !/^[\x21-\x7e]{1,256}$/.test(name))) misused('A name has no spaces.', USAGE);
const folder = values.state ?? process.env['QRNG_STATE_DIR'] ?? '/var/lib/qrng-gateway';

await runCommand(async () => {
  const answer = await ask('gateway', folder, names.length === 0 ? 'blocks' : 'unblock', names);
  const lines = answer.length === 0 ? ['nobody is blocked'] : answer;
  console.log(values.json ? JSON.stringify({ answers: answer }) : lines.join('\n'));
});
