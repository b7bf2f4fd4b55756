/** What is claimed of `spool://`, one after the other, each with what was seen. */
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { arrivedPackets, passedOver } from './arrived.js';
import type { Claim } from './claim.js';
import { connect, end, Machine } from './machine.js';
import { Product } from './product.js';
import type { Machines } from './product.js';
import { settled, until } from './settled.js';
import type { Deed } from './spool-mover.js';

/** Longer than the mover is late. */
const PATIENCE_MS = 5000;
const KILLS = 3;

export interface SpoolNetwork extends Machines {
  /** Without any network; it sees the files of both sides. */
  readonly mover: Machine;
}

interface Moved {
  readonly deed: Deed;
  readonly packet: Buffer;
}

/** No cable between collector and gateway: only files cross. @throws where namespaces or virtual cables are not allowed. */
export async function buildSpoolNetwork(): Promise<SpoolNetwork> {
  const names = ['appliance', 'collector', 'mover', 'gateway', 'elsewhere'];
  const [appliance, collector, mover, gateway, elsewhere] = (await Promise.all(
    names.map((name) => Machine.create(name)),
  )) as [Machine, Machine, Machine, Machine, Machine];
  connect(appliance, ['10.0.0.5/24'], collector, ['10.0.0.1/24']);
  connect(gateway, ['192.0.2.1/24', '203.0.113.10/32'], elsewhere, ['192.0.2.50/24']);
  elsewhere.run('ip', 'route', 'add', 'default', 'via', '192.0.2.1');
  return { appliance, collector, mover, gateway, elsewhere };
}

/**
 * Yields each claim as soon as it was looked at.
 *
 * @param seconds for which entropy flows.
 */
export async function* proveSpool(
  network: SpoolNetwork,
  folder: string,
  seconds: number,
): AsyncGenerator<Claim> {
  const [here, there] = ['out', 'in'].map((name) => join(folder, name)) as [string, string];
  for (const directory of [here, there]) mkdirSync(directory);
  const product = new Product(network, folder, {
    collector: { QRNG_PUSH_URL: `spool://${here}`, QRNG_PUSH_INTERVAL_MS: '50' },
    // It has to hold all of the run, which is drawn at the end.
    gateway: {
      QRNG_RECEIVE: `spool://${there}`,
      QRNG_SPOOL_PATIENCE_MS: String(PATIENCE_MS),
      QRNG_BUFFER_SIZE: String(4_000_000 + seconds * 150_000),
    },
  });
  yield noNetwork(network);
  const script = join(import.meta.dirname, 'spool-mover.js');
  const record = product.path('record');
  const mover = network.mover.start([script, here, there, record], {}, product.path('mover.log'));
  await product.start();
  for (let kills = 0; kills < KILLS; kills += 1) {
    await setTimeout((seconds * 1000) / (KILLS + 1));
    await product.stop('collector', 'SIGKILL');
    product.startCollector();
  }
  await setTimeout((seconds * 1000) / (KILLS + 1));
  await until('the collector fetches again', () => product.collectorFetches());
  await product.stop('collector');
  mover.stdin?.end();
  await once(mover, 'exit');
  await settled(() => product.packetCounts(), PATIENCE_MS + 1000);

  const moved = readFileSync(record, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { deed: Deed; packet: string })
    .map(({ deed, packet }) => ({ deed, packet: Buffer.from(packet, 'base64') }));
  yield whole(moved, readdirSync(here));
  yield* balance(product, moved);
  const left = [...files(there), ...files(join(there, 'refused'))];
  const cut = of(moved, 'cut').length;
  yield {
    text: 'What was cut short forever is no packet: it is kept for somebody to look at, and nothing else is left',
    seen: `cut short ${cut}, left in the spool or in refused/ ${left.length}`,
    holds: left.length === cut,
  };
  await end(mover);
  await product.close();
}

function* balance(product: Product, moved: readonly Moved[]): Generator<Claim> {
  const count = (result: string): number =>
    product.metric(`qrng_packets_total{collector="collector-1",result="${result}",transport="spool"}`);
  const isGone = ({ deed }: Moved): boolean => deed === 'cut' || deed === 'lost';
  const { packets } = arrivedPackets(moved.filter((one) => !isGone(one)).map(({ packet }) => packet));
  const [taken, late, duplicates] = [count('accepted'), count('replay'), count('duplicate')];
  const served = product.drawAll();
  const passed = passedOver(packets, served);
  const deeds = (['late', 'twice', 'renamed', 'cut at first', 'cut', 'lost'] as const).map(
    (deed) => `${deed} ${of(moved, deed).length}`,
  );
  yield {
    text: 'Whatever the mover does, what arrives whole is taken, in order, byte for byte, nothing twice',
    seen:
      `${moved.length} files (${deeds.join(', ')}); arrived ${packets.length}, taken ${taken}, too late ${late}, copies found ${duplicates};` +
      ` the ${served.length} bytes served are ${passed === undefined ? 'NOT ' : ''}those that arrived`,
    holds:
      served.length > 0 &&
      passed !== undefined &&
      passed <= late &&
      taken + late === packets.length &&
      duplicates === of(moved, 'twice').length,
  };
  // The last packets of a run are not missed: nothing comes after them.
  const gone = arrivedPackets(moved.filter(isGone).map(({ packet }) => packet)).packets.filter((one) =>
    packets.some(({ boot, sequence }) => boot === one.boot && sequence > one.sequence),
  );
  const missing = product.metric('qrng_sequence_missing_total{collector="collector-1"}');
  yield {
    text: 'The loss that the gateway measures is what the mover lost',
    seen: `lost or cut short before others of their run ${gone.length}, too late ${late}; missing ${missing}`,
    holds: missing === gone.length + late,
  };
}

function noNetwork({ collector, gateway, mover }: SpoolNetwork): Claim {
  const links = (machine: Machine): string =>
    (JSON.parse(machine.run('ip', '-j', 'link')) as { ifname: string }[])
      .map(({ ifname }) => ifname)
      .join(', ');
  return {
    text: 'Nothing but files crosses: there is no network between collector and gateway',
    seen: `interfaces of the collector: ${links(collector)}; of the gateway: ${links(gateway)}; of the mover: ${links(mover)}`,
    holds:
      links(collector) === 'lo, to-appliance' &&
      links(gateway) === 'lo, to-elsewhere' &&
      links(mover) === 'lo',
  };
}

function whole(moved: readonly Moved[], left: readonly string[]): Claim {
  const isWhole = ({ packet }: Moved): boolean =>
    packet.length >= 96 && packet.length === 96 + packet.readUInt32BE(12);
  const count = moved.filter(isWhole).length;
  return {
    text: 'A collector that is killed leaves no half packet and no draft behind',
    seen: `killed ${KILLS} times; ${count} of ${moved.length} files were whole packets; left over: ${left.length}`,
    holds: count === moved.length && left.length === 0,
  };
}

function of(moved: readonly Moved[], deed: Deed): readonly Moved[] {
  return moved.filter((one) => one.deed === deed);
}

function files(directory: string): string[] {
  try {
    return readdirSync(directory).filter((name) => name.endsWith('.qrng'));
  } catch {
    return []; // no file was ever refused
  }
}
