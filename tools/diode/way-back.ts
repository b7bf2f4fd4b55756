/** What is claimed of the way back of `https://`: how much comes, and that nothing of an attacker's choice gets in. */
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Claim } from './claim.js';
import { end, spoken } from './machine.js';
import type { Machine } from './machine.js';
import { ADDRESS } from './network.js';
import type { Network } from './network.js';
import type { Product } from './product.js';
import { until } from './settled.js';

const MEASURED_MS = 3000;
/** An acknowledgement or two, the record with the answer, and what TCP and IP put around. */
const MOST_BACK = 1000;

const METERS = `
table inet meters {
  counter out { }
  counter back { }
  chain leaving {
    type filter hook postrouting priority mangle;
    ip daddr ${ADDRESS.gateway} counter name out
  }
  chain arriving {
    type filter hook prerouting priority mangle;
    ip saddr ${ADDRESS.gateway} counter name back
  }
}`;

export async function* proveWayBack(network: Network, product: Product): AsyncGenerator<Claim> {
  yield await measured(network, product);
  yield* attacked(network, product);
}

async function measured({ collector }: Network, product: Product): Promise<Claim> {
  const pushes = (): number =>
    product.metric('qrng_packets_total{collector="collector-1",result="accepted",transport="https"}');
  const before = pushes();
  collector.run('nft', METERS);
  await setTimeout(MEASURED_MS);
  const [out, back] = [bytes(collector, 'out'), bytes(collector, 'back')];
  const count = pushes() - before;
  collector.run('nft', 'delete', 'table', 'inet', 'meters');
  const each = Math.round(back / count);
  return {
    text: 'What comes back for a packet are acknowledgements and a status, and no more',
    seen: `for ${count} packets ${out} bytes went out and ${back} came back: ${each} for each, TCP, IP and TLS included`,
    holds: count > 0 && back > 0 && each < MOST_BACK,
  };
}

function bytes(machine: Machine, name: string): number {
  const { nftables } = JSON.parse(machine.run('nft', '-j', 'list', 'counter', 'inet', 'meters', name)) as {
    nftables: { counter?: { bytes: number } }[];
  };
  return nftables.find(({ counter }) => counter !== undefined)?.counter?.bytes ?? NaN;
}

async function* attacked({ gateway }: Network, product: Product): AsyncGenerator<Claim> {
  const mark = `MARK${randomBytes(8).toString('hex')}`;
  await product.stop('gateway');
  const known = product.log('collector').length;
  const rogue = gateway.start(
    [
      join(import.meta.dirname, 'rogue.js'),
      ADDRESS.gateway,
      '7764',
      product.path('gateway.pem'),
      product.path('gateway.key'),
      mark,
    ],
    {},
    product.path('rogue.log'),
  );
  await spoken(rogue);
  const answers = (): string[] => readFileSync(product.path('rogue.log'), 'utf8').trim().split('\n').slice(1);
  const round = (): boolean => {
    const [, turn, of] = /^(\d+) of (\d+) /.exec(answers().at(-1) ?? '') ?? [];
    return Number(turn) > Number(of);
  };
  await until('every answer was tried', round);
  const lines = product.log('collector').slice(known);
  const places = [...lines, ...stateOf(product)];
  const found = places.filter((text) => spellings(mark).some((spelling) => text.includes(spelling))).length;
  const events = distinct(lines);
  yield {
    text: "A gateway in an attacker's hands gets no byte of his choice into the collector's log or state",
    seen:
      `${answers().length} answers with his mark in status lines, headers, bodies and instead of TLS: found in ${found} of ${places.length} log lines and files;` +
      ` what he chooses is which of our own lines is logged: ${events.length} different ones`,
    holds: found === 0 && lines.length > 0 && product.isRunning('collector'),
  };
  await end(rogue);
  product.startGateway();
  await until('the gateway answers again', () => product.get('/health/live').startsWith('200 '));
  const before = product.received();
  await until('entropy comes', () => product.received() > before);
  yield {
    text: 'Afterwards the collector goes on as before',
    seen: `${product.received() - before} more bytes came once the gateway was back`,
    holds: product.isRunning('collector'),
  };
}

function stateOf(product: Product): string[] {
  const directory = product.path('collector-state');
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.name} ${readFileSync(join(entry.parentPath, entry.name), 'latin1')}`);
}

/** As it is, and as a program may write it. */
function spellings(mark: string): string[] {
  const encoded = Buffer.from(mark).toString('base64');
  return [mark, mark.toLowerCase(), Buffer.from(mark).toString('hex'), encoded.slice(0, -4)];
}

/** The lines without what counts and what the clock says. */
function distinct(lines: readonly string[]): string[] {
  const kinds = lines.map((line) => {
    const { event, reason, status, code } = JSON.parse(line) as Record<string, unknown>;
    return JSON.stringify([event, reason, status, code]);
  });
  return [...new Set(kinds)].sort();
}
