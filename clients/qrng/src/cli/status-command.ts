/** `qrng status`: the gateway's pool, feed and warnings. */
import { printable } from '../printable.js';
import type { StatusReport } from '../reports.js';
import { JSON_FLAG, WAIT } from './command.js';
import type { Command, Invocation } from './command.js';

export const STATUS: Command = {
  name: 'status',
  summary: "the gateway's pool, feed and warnings; the key needs the scope status",
  options: [WAIT, JSON_FLAG],
  run: writeStatus,
};

async function writeStatus({ values, output, client, signal }: Invocation): Promise<void> {
  const report = await client().status(signal);
  if (values['json'] === true) await output.write(`${JSON.stringify(report)}\n`);
  else for (const line of lines(report)) await output.write(`${printable(line)}\n`);
}

function* lines({ pool, feed, throughput, collectors, warnings }: StatusReport): Generator<string> {
  const percent = ((100 * pool.bytes) / pool.capacity).toFixed(1);
  yield `pool        ${percent} % of ${pool.capacity} bytes, ${pool.ready ? 'ready' : 'not ready'}`;
  if (pool.secondsUntilEmpty !== null) yield `            empty in ${pool.secondsUntilEmpty} s as things are`;
  yield `feed        ${feed.fed ? 'entropy comes' : 'no entropy comes'}`;
  yield `throughput  ${throughput.inBytesPerSecond} bytes a second in, ${throughput.outBytesPerSecond} out`;
  for (const { name, secondsSinceLastPacket, sources } of collectors) {
    yield `collector   ${name}, last packet ${secondsSinceLastPacket} s ago`;
    for (const source of sources) {
      yield `  source    ${source.name}: ${source.up ? 'in use' : 'not in use'} (${source.state})`;
    }
  }
  for (const warning of warnings) yield `warning     ${warning}`;
}
