/** What is claimed of `udp://`, one after the other, each with what was seen. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { arrivedPackets, passedOver, recorded } from './arrived.js';
import type { Claim } from './claim.js';
import { end, spoken } from './machine.js';
import { Product } from './product.js';
import { count, counters, loadFiles } from './rules.js';
import { settled, until } from './settled.js';
import { lose, loseNothing, watch } from './udp-counts.js';
import { DIODE, RECEIVER_PORT, UDP_ADDRESS, withoutArp } from './udp-network.js';
import type { UdpNetwork } from './udp-network.js';

const here = import.meta.dirname;
/** Bytes of entropy a second, about. */
const RATE = 8192 / 0.02;

interface Run {
  readonly ip: 4 | 6;
  readonly percent: number;
  readonly seconds: number;
}

/**
 * Yields each claim as soon as it was looked at.
 *
 * @param seconds of each of the two runs with losses.
 */
export async function* proveUdp(network: UdpNetwork, folder: string, seconds: number): AsyncGenerator<Claim> {
  const { collector, red, black, gateway } = network;
  watch(black, 'from');
  probe(network);
  const spoken = counters(black);
  yield {
    text: "Without the rules the gateway's machine speaks into the cable, and the count sees it",
    seen: kinds(spoken),
    holds: count(spoken, 'from_any') > 0,
  };

  withoutArp({ machine: gateway, name: DIODE });
  loadFiles(collector, 'collector', 'collector-udp');
  loadFiles(gateway, 'gateway', 'gateway-udp');
  watch(black, 'from');
  watch(red, 'sent');
  yield* proveRun(network, folder, { ip: 4, percent: 1, seconds });
  yield* proveRun(network, folder, { ip: 6, percent: 10, seconds });

  const [from, rules, sent] = [counters(black), counters(gateway), counters(red)];
  const stopped =
    count(rules, 'refused_out') + count(rules, 'refused_internal') + count(rules, 'diode_refused_out');
  yield {
    text: "Meanwhile not one packet of any kind came from the gateway's side, though it was asked and tried",
    seen: `${kinds(from)}; stopped by the gateway's rules: ${stopped}`,
    holds: count(from, 'from_any') === 0 && stopped > 0,
  };
  yield {
    text: 'Of the collector came nothing but packets, each one datagram, none in fragments',
    seen: `packets ${count(sent, 'sent_packets')}, fragments ${count(sent, 'sent_fragments')}, anything else ${count(sent, 'sent_else')}`,
    holds:
      count(sent, 'sent_packets') > 0 &&
      count(sent, 'sent_fragments') === 0 &&
      count(sent, 'sent_else') === 0,
  };
}

async function* proveRun(network: UdpNetwork, folder: string, run: Run): AsyncGenerator<Claim> {
  const { collector, red } = network;
  const { ip, percent, seconds } = run;
  const product = new Product(network, join(folder, `ip${ip}`), ways(run));
  mkdirSync(product.folder);
  const halves = await startDiode(network, product, ip);
  await product.start();
  lose(red, percent);
  await setTimeout(seconds * 500);
  if (ip === 4) yield sockets(network);
  yield await forgedAnswers(network, halves.red, ip);
  probe(network);
  await setTimeout(seconds * 500);
  loseNothing(red);
  const dropped = count(counters(red), 'lost');
  const before = packets(product, 'accepted');
  await until('packets come after the losses', () => packets(product, 'accepted') > before + 2);
  await product.stop('collector');

  const delivered = (): Buffer[] => recorded(readFileSync(product.path('record')));
  await settled(() => product.packetCounts());
  const { packets: arrived, copies } = arrivedPackets(delivered());
  const [taken, late] = [packets(product, 'accepted'), packets(product, 'replay')];
  const duplicates = packets(product, 'duplicate');
  const missing = product.metric('qrng_sequence_missing_total{collector="collector-1"}');
  const served = product.drawAll();
  const passed = passedOver(arrived, served);
  yield {
    text: `Over IPv${ip}, ${percent} % dropped, 2 % copied, 2 % out of order: what arrives is taken, in order, byte for byte, nothing twice`,
    seen:
      `arrived ${arrived.length}, taken ${taken}, too late for their place ${late}; copies ${copies}, found ${duplicates};` +
      ` the ${served.length} bytes served are ${passed === undefined ? 'NOT ' : ''}those that arrived`,
    holds:
      served.length > 0 &&
      passed !== undefined &&
      passed <= late &&
      taken + late === arrived.length &&
      duplicates === copies,
  };
  const share = (part: number): string => `${((100 * part) / (missing + taken)).toFixed(2)} %`;
  yield {
    text: 'The loss that the gateway measures is what was dropped',
    seen: `dropped ${dropped}, too late ${late}; missing ${missing}: missing / (missing + taken) = ${share(missing)}; lost elsewhere ${missing - dropped - late}`,
    holds: dropped > 0 && missing === dropped + late,
  };
  const { sent, delivered: known } = JSON.parse(product.log('collector').at(-1) ?? '') as Record<
    string,
    number
  >;
  yield {
    text: 'The collector, which hears nothing, counts its bytes as sent and none as delivered',
    seen: `sent ${sent}, delivered ${known}`,
    holds: known === 0 && (sent ?? 0) >= served.length,
  };
  await product.close();
  for (const half of Object.values(halves)) await end(half);
  collector.run('nft', 'reset', 'counters');
}

function ways({ ip, seconds }: Run): { collector: Record<string, string>; gateway: Record<string, string> } {
  const [to] = [UDP_ADDRESS.receiver[ip]].map((host) => (ip === 6 ? `[${host}]` : host));
  const url = `udp://${to}:${RECEIVER_PORT}`;
  return {
    collector: { QRNG_PUSH_URL: url, QRNG_FETCH_INTERVAL_MS: '20' },
    // It has to hold all of the run, which is drawn at the end.
    gateway: { QRNG_RECEIVE: url, QRNG_BUFFER_SIZE: String(4_000_000 + Math.ceil(1.5 * seconds * RATE)) },
  };
}

async function startDiode({ red, black }: UdpNetwork, product: Product, ip: 4 | 6) {
  const pipe = product.path('pipe');
  spawnSync('mkfifo', [pipe]);
  const [from, to] = [UDP_ADDRESS.sender[ip], UDP_ADDRESS.receiver[ip]];
  const halves = {
    red: red.start([join(here, 'udp-red.js'), pipe, to], {}, product.path('red.log')),
    black: black.start(
      [join(here, 'udp-black.js'), pipe, product.path('record'), from, to],
      {},
      product.path('black.log'),
    ),
  };
  await Promise.all(Object.values(halves).map(spoken));
  return halves;
}

/** The gateway's machine tries to reach the collector, and is asked for things that a machine answers by itself. */
function probe({ gateway, black }: UdpNetwork): void {
  const to = (host: string) => (['tcp', 'udp'] as const).map((protocol) => ({ protocol, host, port: 2222 }));
  const tries = (hosts: object): string => JSON.stringify(Object.values(hosts).flatMap(to));
  gateway.run(process.execPath, join(here, 'probe.js'), tries(UDP_ADDRESS.sender));
  black.run(process.execPath, join(here, 'probe.js'), tries(UDP_ADDRESS.receiver));
}

/** Red answers as if it were the gateway. */
async function forgedAnswers(
  { collector }: UdpNetwork,
  red: { kill: (signal: 'SIGUSR2') => boolean },
  ip: 4 | 6,
): Promise<Claim> {
  red.kill('SIGUSR2');
  const refused = (): number => count(counters(collector), 'diode_refused_in');
  await until('forged answers come', () => refused() >= 20);
  const read = datagramsRead(collector.run('cat', '/proc/net/snmp', '/proc/net/snmp6'), ip);
  return {
    text: `What somebody sends back to the collector as the gateway's answer is dropped at its interface (IPv${ip})`,
    seen: `sent 20, dropped ${refused()}, read by a process ${read}`,
    holds: refused() >= 20 && read === 0,
  };
}

function datagramsRead(text: string, ip: 4 | 6): number {
  if (ip === 6) return Number(/^Udp6InDatagrams\s+(\d+)$/m.exec(text)?.[1]);
  return Number(/^Udp: (\d+) /m.exec(text)?.[1]);
}

function sockets({ collector }: UdpNetwork): Claim {
  const ss = (...state: string[]): string => collector.run('ss', '-H', '-n', ...state).trim();
  const listening = ss('-l', '-t', '-u', '-w', '-x');
  const connected = ss('-u', 'state', 'connected');
  return {
    text: "No socket of the collector's machine takes what anybody sends; the one for packets is connected to the gateway",
    seen: `listening or unconnected: ${listening === '' ? 'none' : listening}; connected: ${connected.replace(/\s+/g, ' ')}`,
    holds: listening === '' && connected.split('\n').length === 1 && connected.includes(`:${RECEIVER_PORT}`),
  };
}

function packets(product: Product, result: 'accepted' | 'duplicate' | 'replay'): number {
  return product.metric(`qrng_packets_total{collector="collector-1",result="${result}",transport="udp"}`);
}

function kinds(counts: Record<string, number>): string {
  const of = (name: string): number => count(counts, name);
  return `ARP ${of('from_arp')}, IPv4 ${of('from_4')}, IPv6 ${of('from_6')}, in all ${of('from_any')}`;
}
