/** What is claimed of the diode, one after the other, each with what was seen. */
import { join } from 'node:path';
import type { ChildProcess } from 'node:child_process';
import type { Claim } from './claim.js';
import { end, spoken } from './machine.js';
import type { Machine } from './machine.js';
import { ADDRESS } from './network.js';
import type { Network } from './network.js';
import type { Probe } from './probe.js';
import type { Product } from './product.js';
import { count, counters, dropRules, loadRules } from './rules.js';
import { proveWayBack } from './way-back.js';

const here = import.meta.dirname;
const ANSWERER_PORT = 2222;

/** Everything of the collector's machine that somebody could try, also as if it were an answer from port 7764. */
const TO_COLLECTOR: Probe[] = [
  ...ADDRESS.collector.flatMap((host) => bothProtocols(host)),
  {
    protocol: 'tcp',
    host: ADDRESS.collector[1],
    port: ANSWERER_PORT,
    from: { host: ADDRESS.gatewayLink, port: 7764 },
  },
];
const TO_INSIDE: Probe[] = bothProtocols(ADDRESS.appliance);
const TO_ELSEWHERE: Probe[] = ADDRESS.elsewhere.flatMap((host) => bothProtocols(host));

/** Yields each claim as soon as it was looked at. */
export async function* prove(network: Network, product: Product, folder: string): AsyncGenerator<Claim> {
  const { appliance, collector, gateway, elsewhere } = network;
  for (const machine of [appliance, elsewhere]) await answer(machine, folder);
  const intruder = await answer(collector, folder);
  const all = [...TO_COLLECTOR, ...TO_INSIDE, ...TO_ELSEWHERE];
  yield {
    text: 'Without the rules everything can be reached from the gateway: what follows is the work of the rules',
    ...reachedBy(gateway, all, (reached) => reached === all.length),
  };
  await end(intruder);

  loadRules(collector, 'collector');
  loadRules(gateway, 'gateway');
  await product.start();
  const random = product.get('/api/random?bytes=32');
  yield {
    text: 'Entropy flows: appliance, collector, gateway, API client, all of it over TLS',
    seen: `GET /api/random?bytes=32 from ${ADDRESS.elsewhere[0]} gave ${random.replace(/ .*/, '')} and 64 hex digits`,
    holds: /^200 [0-9a-f]{64}$/.test(random),
  };

  product.signalCollector('SIGUSR1');
  await new Promise((wake) => setTimeout(wake, 500));
  const sockets = collector.run('ss', '-H', '-l', '-n', '-t', '-u', '-w', '-x').trim();
  yield {
    text: "No socket listens on the collector's machine, after SIGUSR1 neither",
    seen: sockets === '' ? 'ss lists none: TCP, UDP, raw, Unix' : sockets,
    holds: sockets === '' && product.isRunning('collector'),
  };

  const before = { collector: counters(collector), gateway: counters(gateway) };
  yield {
    text: 'Every connection was opened by the collector',
    seen:
      `packets of connections that it opened: ${count(before.collector, 'opened_out')}` +
      ` (to the gateway ${count(before.collector, 'pushed')}, to the source ${count(before.collector, 'fetched')});` +
      ` of connections opened to it: ${count(before.collector, 'opened_in')};` +
      ` of connections that the gateway opened: ${count(before.gateway, 'opened_out')}`,
    holds:
      count(before.collector, 'pushed') > 0 &&
      count(before.collector, 'fetched') > 0 &&
      count(before.collector, 'opened_in') === 0 &&
      count(before.gateway, 'opened_out') === 0,
  };

  const second = await answer(collector, folder); // as if somebody had opened a port there
  yield* provesRefusals(network, second);
  yield* provesTakenOver(network);

  const earlier = product.received();
  await new Promise((wake) => setTimeout(wake, 2000));
  const later = product.received();
  yield {
    text: 'Meanwhile entropy went on flowing, and the collector runs',
    seen: `${later - earlier} bytes in the last two seconds`,
    holds: later > earlier && product.isRunning('collector'),
  };
  yield* proveWayBack(network, product);
}

function* provesRefusals(
  { gateway, collector, appliance }: Network,
  answerer: ChildProcess,
): Generator<Claim> {
  const refused = (): Record<string, number> => counters(gateway);
  const before = refused();
  const toCollector = reachedBy(gateway, [...TO_COLLECTOR, ...TO_INSIDE], (reached) => reached === 0);
  const between = refused();
  yield {
    text: 'The gateway cannot reach the collector, nor what is behind it, though a port is open there for this test',
    seen: `${toCollector.seen}; refused at the gateway: ${grown(before, between)}; arrived at the collector: ${count(counters(collector), 'opened_in')}`,
    holds: toCollector.holds && answerer.exitCode === null && count(counters(collector), 'opened_in') === 0,
  };
  const elsewhere = reachedBy(gateway, TO_ELSEWHERE, (reached) => reached === 0);
  yield {
    text: 'Nor can it reach anything else, in private networks or public',
    seen: `${elsewhere.seen}; refused: ${grown(between, refused())}; left the gateway: ${count(refused(), 'opened_out')}`,
    holds: elsewhere.holds && count(refused(), 'opened_out') === 0,
  };
  yield {
    text: "Nor can the source's network reach the collector",
    ...reachedBy(appliance, bothProtocols(ADDRESS.collector[0]), (reached) => reached === 0),
  };
}

/** A gateway that was taken over has no rules left. Then the collector's own hold. */
function* provesTakenOver({ gateway, collector }: Network): Generator<Claim> {
  const before = counters(collector);
  dropRules(gateway, 'gateway');
  const probed = reachedBy(gateway, [...TO_COLLECTOR, ...TO_INSIDE], (reached) => reached === 0);
  const after = counters(collector);
  const arrived = count(after, 'opened_in') - count(before, 'opened_in');
  const refused = count(after, 'refused_in') - count(before, 'refused_in');
  yield {
    text: "With the gateway's rules taken away (a gateway in an attacker's hands) the collector's own rules hold",
    seen: `${probed.seen}; arrived at the collector: ${arrived}; refused there: ${refused}`,
    holds: probed.holds && arrived > 0 && refused >= arrived,
  };
  loadRules(gateway, 'gateway');
}

function reachedBy(
  machine: Machine,
  probes: Probe[],
  expected: (reached: number) => boolean,
): { seen: string; holds: boolean } {
  const output = machine.run(process.execPath, join(here, 'probe.js'), JSON.stringify(probes));
  const reached = (JSON.parse(output) as boolean[]).filter(Boolean).length;
  return { seen: `${reached} of ${probes.length} probes were answered`, holds: expected(reached) };
}

/** Starts what answers on TCP and UDP. */
async function answer(machine: Machine, folder: string): Promise<ChildProcess> {
  const log = join(folder, `answerer-${machine.name}.log`);
  const child = machine.start([join(here, 'answerer.js'), String(ANSWERER_PORT)], {}, log);
  await spoken(child);
  if (child.exitCode !== null) throw new Error(`nothing could be made to answer on the ${machine.name}`);
  return child;
}

function bothProtocols(host: string): Probe[] {
  return (['tcp', 'udp'] as const).map((protocol) => ({ protocol, host, port: ANSWERER_PORT }));
}

function grown(before: Record<string, number>, after: Record<string, number>): number {
  return ['refused_internal', 'refused_out']
    .map((name) => count(after, name) - count(before, name))
    .reduce((sum, one) => sum + one, 0);
}
