/**
 * The simulated appliance as a process, for `npm run demo`.
 *
 *   node main.js --cert FILE --key FILE [--host 127.0.0.1] [--port 0] [--rate BYTES_PER_SECOND] [--plan JSON]
 *
 * Prints one JSON line with its URL on stdout when it listens. Each line on stdin is a fault to play, as JSON
 * (`{"kind":"status","value":503,"times":3}`); the end of stdin is the end of the process, so that it cannot outlive
 * the process that started it.
 */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { isFault } from './faults.js';
import type { Fault } from './faults.js';
import { startSimulator } from './simulator.js';

const { values: options } = parseArgs({
  options: {
    cert: { type: 'string' },
    key: { type: 'string' },
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '0' },
    rate: { type: 'string', default: 'Infinity' },
    plan: { type: 'string', default: '[]' },
  },
});
if (options.cert === undefined || options.key === undefined) throw new Error('--cert and --key are needed');

process.stderr.write('SIMULATED appliance: bytes of the operating system, NOT of a quantum source\n');
const simulator = await startSimulator({
  certificatePem: readFileSync(options.cert, 'utf8'),
  keyPem: readFileSync(options.key, 'utf8'),
  host: options.host,
  port: Number(options.port),
  bytesPerSecond: Number(options.rate),
  plan: faultsOf(options.plan),
});
createInterface({ input: process.stdin })
  .on('line', (line) => {
    const faults = faultsOf(`[${line}]`);
    simulator.plan(...faults);
    print({ event: 'planned', faults });
  })
  .on('close', () => void end());
process.on('SIGTERM', () => void end()).on('SIGINT', () => void end());
print({ event: 'listening', url: simulator.url });

function faultsOf(json: string): Fault[] {
  const faults: unknown = JSON.parse(json);
  if (!Array.isArray(faults) || !faults.every(isFault)) throw new Error(`not a list of faults: ${json}`);
  return faults;
}

function print(line: object): void {
  process.stdout.write(`${JSON.stringify({ simulated: true, ...line })}\n`);
}

async function end(): Promise<void> {
  await simulator.close();
  // V8's compiler threads may wait for a collection that process.exit() never lets happen (nodejs/node#54918).
  await sleep(100);
  process.exit(0);
}
